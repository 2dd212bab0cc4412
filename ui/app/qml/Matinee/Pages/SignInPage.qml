pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

FocusScope {
    id: root

    required property QtObject signIn
    required property QtObject code
    required property QtObject files
    property bool byCode: false
    property bool tv: false

    signal openStream()
    signal openFile()
    signal showSettings()
    signal byCodeWanted(bool wanted)
    signal fileChosen(string identity)
    signal fileMenuWanted(Item card, string identity)

    readonly property bool withService: signIn.serviceName !== ""
    readonly property bool withForm: withService && !byCode
    readonly property string step: withForm ? signIn.step : ""
    readonly property bool registering: step === "register"
    readonly property bool resetting: step === "reset"
    readonly property bool withPassword: withForm && step !== "forgotten"
    readonly property var found: Array.from({ length: nearby.count }, (_, at) => nearby.itemAt(at))
    readonly property var stops: [address, ...found, name, email, mailed, password, besides, buttons, recent].filter(stop => stop?.visible)

    function move(step: int) {
        const now = stops.findIndex(stop => stop.activeFocus)
        const next = stops[Math.max(0, Math.min(stops.length - 1, now + step))]
        if (next === buttons || next === besides)
            next.enter()
        else
            next.forceActiveFocus(Qt.OtherFocusReason)
    }
    function settle() {
        if (activeFocus)
            buttons.enter()
    }
    // Another form has come: its first empty field.
    function settleInForm() {
        if (activeFocus && withForm)
            (resetting ? mailed : registering ? name : !email.text ? email : withPassword ? password : buttons).forceActiveFocus(Qt.OtherFocusReason)
    }
    function submit() {
        if (!withService)
            signIn.useService(address.text)
        else if (registering)
            signIn.register(name.text, email.text, password.text)
        else if (resetting)
            signIn.resetPassword(mailed.text, password.text)
        else if (step === "forgotten")
            signIn.sendCode(email.text)
        else
            signIn.submit(email.text, password.text)
    }

    onStepChanged: {
        password.text = mailed.text = ""
        Qt.callLater(settleInForm)
    }
    // The last file may have been removed while the row had the focus.
    function hold() {
        if (activeFocus && !stops.some(stop => stop.activeFocus))
            buttons.enter()
    }

    onByCodeChanged: Qt.callLater(settle) // once what belongs to the other way has gone
    onActiveFocusChanged: {
        if (activeFocus && !stops.some(stop => stop.activeFocus))
            move(1)
    }
    function goBack(event: KeyEvent) {
        event.accepted = withForm && step !== "signIn"
        if (event.accepted)
            signIn.goTo("signIn")
    }
    Keys.onEscapePressed: event => goBack(event)
    Keys.onBackPressed: event => goBack(event)
    Keys.onUpPressed: move(-1)
    Keys.onDownPressed: move(1)

    Rectangle {
        anchors.fill: parent
        gradient: Gradient {
            GradientStop { position: 0; color: Theme.backdrop }
            GradientStop { position: 0.7; color: Theme.background }
        }
    }
    Column {
        id: form
        anchors.centerIn: parent
        anchors.verticalCenterOffset: recent.visible ? -recent.height / 2 : 0
        width: root.byCode ? panel.implicitWidth : Theme.px(480)
        spacing: Theme.px(18)
        // Large text in a small window
        scale: Math.min(1, (root.height - 2 * Theme.gap - (recent.visible ? recent.height : 0)) / height)

        Wordmark { anchors.left: parent.left; size: Theme.hero }
        Item { width: 1; height: Theme.tight }
        Label {
            anchors.left: parent.left
            text: !root.withService ? qsTr("Welcome to Matinee") : root.registering ? qsTr("Create an account")
                                    : root.resetting || root.step === "forgotten" ? qsTr("New password") : qsTr("Sign in")
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        Label {
            width: parent.width
            wrapMode: Text.Wrap
            text: root.step === "forgotten" ? qsTr("We send a code to the email address of your account.")
                : root.resetting ? qsTr("Enter the code that we sent to %1. It is good for 15 minutes. Every other device is signed out.").arg(root.signIn.email)
                : root.withService && root.step === "register" ? qsTr("at %1").arg(root.signIn.serviceName)
                : root.withService ? qsTr("to %1").arg(root.signIn.serviceName)
                                   : qsTr("Enter the address of your service, or open a file or a stream without one.")
            color: Theme.muted
        }
        CodePanel {
            id: panel
            code: root.code
            visible: root.byCode
        }
        Field {
            id: address
            objectName: "serviceAddress"
            width: parent.width
            label: qsTr("Address of the service")
            placeholder: "https://"
            inputMethodHints: Qt.ImhUrlCharactersOnly | Qt.ImhNoAutoUppercase
            visible: !root.withService
            enabled: visible && !root.signIn.busy
            focus: !root.withService
            onAccepted: root.submit()
        }
        Column {
            width: parent.width
            spacing: Theme.tight
            visible: !root.withService && nearby.count
            Label { anchors.left: parent.left; text: qsTr("On this network"); color: Theme.muted; font.pixelSize: Theme.small }
            Repeater {
                id: nearby
                model: root.signIn.nearby
                delegate: ActionButton {
                    required property int index
                    required property string url
                    required property string host
                    required property bool safe

                    objectName: "nearbyService_" + index
                    width: form.width
                    text: safe ? host : qsTr("%1 · not protected").arg(host)
                    icon: safe ? "lock" : "warning"
                    visible: !root.withService
                    onPressed: root.signIn.useService(url)
                    // What had the focus may be heard of no more
                    Component.onDestruction: if (activeFocus) address.forceActiveFocus(Qt.OtherFocusReason)
                }
            }
        }
        Field {
            id: name
            objectName: "registerName"
            width: parent.width
            label: qsTr("Your name")
            visible: root.registering
            enabled: visible && !root.signIn.busy
            onAccepted: email.forceActiveFocus(Qt.TabFocusReason)
        }
        Field {
            id: email
            objectName: "email"
            width: parent.width
            label: qsTr("Email address")
            text: root.signIn.email
            inputMethodHints: Qt.ImhEmailCharactersOnly | Qt.ImhNoAutoUppercase
            visible: root.withForm && !root.resetting
            enabled: visible && !root.signIn.busy
            focus: root.withForm
            onAccepted: root.withPassword ? password.forceActiveFocus(Qt.TabFocusReason) : root.submit()
        }
        Field {
            id: mailed
            objectName: "mailedCode"
            width: parent.width
            label: qsTr("Code")
            inputMethodHints: Qt.ImhUppercaseOnly | Qt.ImhNoPredictiveText
            visible: root.resetting
            enabled: visible && !root.signIn.busy
            onAccepted: password.forceActiveFocus(Qt.TabFocusReason)
        }
        Field {
            id: password
            objectName: "password"
            width: parent.width
            label: root.resetting ? qsTr("New password") : qsTr("Password")
            echoMode: reveal.checked ? TextInput.Normal : TextInput.Password
            inputMethodHints: Qt.ImhSensitiveData
            visible: root.withPassword
            enabled: visible && !root.signIn.busy
            onAccepted: root.submit()
        }
        FocusRow {
            id: besides
            anchors.left: parent.left
            width: Math.min(implicitWidth, (root.width + form.width) / 2 - Theme.wide)
            spacing: Theme.px(12)
            visible: root.withPassword
            enabled: visible && !root.signIn.busy
            IconButton {
                id: reveal
                objectName: "revealPassword"
                icon: checked ? "check" : "lock"
                caption: checked ? qsTr("Hide password") : qsTr("Show password")
                name: caption
                side: Theme.px(34)
                focus: true
                onPressed: checked = !checked
            }
            IconButton {
                objectName: "forgotPassword"
                icon: "retry"
                caption: qsTr("Forgot your password?")
                name: caption
                side: Theme.px(34)
                visible: root.step === "signIn"
                onPressed: root.signIn.goTo("forgotten")
            }
            IconButton {
                objectName: "otherService"
                icon: "link"
                caption: qsTr("Other service")
                name: caption
                side: Theme.px(34)
                visible: root.step === "signIn" && root.signIn.leavable
                onPressed: root.signIn.leaveService()
            }
        }
        Row {
            spacing: Theme.tight
            visible: root.signIn.error
            width: parent.width
            Icon { name: "warning"; color: Theme.danger; size: Theme.px(18) }
            Label {
                objectName: "signInError"
                width: parent.width - Theme.px(26)
                wrapMode: Text.Wrap
                text: root.signIn.error
                color: Theme.danger
                Accessible.role: Accessible.AlertMessage
            }
        }
        Item { width: 1; height: Theme.tiny }
        FocusRow {
            id: buttons
            anchors.left: parent.left
            width: Math.min(implicitWidth, (root.width + form.width) / 2 - Theme.wide)
            spacing: Theme.px(12)
            ActionButton {
                objectName: "signInButton"
                text: root.signIn.busy ? qsTr("Cancel") : root.registering ? qsTr("Create account")
                    : root.step === "forgotten" ? qsTr("Send code") : root.resetting ? qsTr("Set password") : qsTr("Sign in")
                busy: root.signIn.busy
                primary: true
                visible: root.withForm
                focus: true
                onPressed: root.signIn.busy ? root.signIn.cancel() : root.submit()
            }
            ActionButton {
                objectName: "useService"
                text: root.signIn.busy ? qsTr("Cancel") : qsTr("Connect")
                busy: root.signIn.busy
                primary: true
                visible: !root.withService
                focus: !root.withService
                onPressed: root.signIn.busy ? root.signIn.cancel() : root.submit()
            }
            ActionButton {
                objectName: "register"
                text: root.step === "signIn" ? qsTr("Create account") : root.registering ? qsTr("I have an account") : qsTr("Back to sign in")
                visible: root.withForm && !root.signIn.busy
                onPressed: root.signIn.goTo(root.step === "signIn" ? "register" : "signIn")
            }
            ActionButton {
                objectName: "openFileButton"
                text: qsTr("Open a file")
                icon: "film"
                visible: !root.withService
                onPressed: root.openFile()
            }
            ActionButton {
                objectName: "openStreamButton"
                text: qsTr("Open stream")
                icon: "link"
                onPressed: root.openStream()
            }
            ActionButton {
                objectName: "otherSignIn"
                text: root.byCode ? qsTr("Use a password") : qsTr("Use a code")
                visible: root.withService && (root.tv || root.byCode)
                onPressed: root.byCodeWanted(!root.byCode)
            }
            IconButton {
                objectName: "signInSettings"
                icon: "settings"
                name: qsTr("Settings")
                onPressed: root.showSettings()
            }
        }
    }
    // Without a service, what was opened last is the way on.
    PosterRow {
        id: recent
        objectName: "recentFiles"
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
        height: implicitHeight
        prefix: "file_"
        heading: qsTr("On this computer")
        model: root.files.recent
        visible: !root.withService && count > 0
        enabled: visible
        onVisibleChanged: Qt.callLater(root.hold)
        onTitleChosen: identity => root.fileChosen(identity)
        onMenuWanted: (card, identity) => root.fileMenuWanted(card, identity)
    }
    // While waiting, the fields cannot hold the focus.
    Connections {
        target: root.signIn
        function onChanged() {
            if (root.signIn.busy && root.activeFocus)
                buttons.enter()
        }
        function onRefused() {  // it was most likely the password, or the address
            const wrong = [address, password].find(field => field.visible)
            if (root.activeFocus)
                wrong?.retype()
        }
    }
}
