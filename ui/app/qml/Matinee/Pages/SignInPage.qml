import QtQuick
import Matinee.Theme
import Matinee.Controls

FocusScope {
    id: root

    required property QtObject signIn
    required property QtObject code
    property bool byCode: false
    property bool tv: false

    signal openStream()
    signal showSettings()
    signal byCodeWanted(bool wanted)

    readonly property bool withService: signIn.serviceName !== ""
    readonly property bool withForm: withService && !byCode
    readonly property bool registering: withForm && signIn.registering
    readonly property var stops: withForm ? registering ? [name, email, password, reveal, buttons] : [email, password, reveal, buttons]
                                          : withService ? [buttons] : [address, buttons]

    function move(step: int) {
        const now = stops.findIndex(stop => stop.activeFocus)
        const next = stops[Math.max(0, Math.min(stops.length - 1, now + step))]
        if (next === buttons)
            buttons.enter()
        else
            next.forceActiveFocus(Qt.OtherFocusReason)
    }
    function settle() {
        if (activeFocus)
            buttons.enter()
    }
    function submit() {
        if (!withService)
            signIn.useService(address.text)
        else if (registering)
            signIn.register(name.text, email.text, password.text)
        else
            signIn.submit(email.text, password.text)
    }

    onByCodeChanged: Qt.callLater(settle) // once what belongs to the other way has gone
    onActiveFocusChanged: {
        if (activeFocus && !stops.some(stop => stop.activeFocus))
            move(1)
    }
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
        width: root.byCode ? panel.implicitWidth : Theme.px(380)
        spacing: Theme.px(18)

        Wordmark { anchors.left: parent.left; size: Theme.hero }
        Item { width: 1; height: Theme.tight }
        Label {
            anchors.left: parent.left
            text: !root.withService ? qsTr("Welcome to Matinee") : root.registering ? qsTr("Create an account") : qsTr("Sign in")
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        Label {
            width: parent.width
            wrapMode: Text.Wrap
            text: root.withService ? qsTr("to %1").arg(root.signIn.serviceName)
                                   : qsTr("Enter the address of your service, or open any HLS or DASH stream without one.")
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
            visible: root.withForm
            enabled: !root.signIn.busy
            focus: root.withForm
            onAccepted: password.forceActiveFocus(Qt.TabFocusReason)
        }
        Field {
            id: password
            objectName: "password"
            width: parent.width
            label: qsTr("Password")
            echoMode: reveal.checked ? TextInput.Normal : TextInput.Password
            inputMethodHints: Qt.ImhSensitiveData
            visible: root.withForm
            enabled: !root.signIn.busy
            onAccepted: root.submit()
        }
        IconButton {
            id: reveal
            objectName: "revealPassword"
            anchors.left: parent.left
            icon: checked ? "check" : "lock"
            caption: checked ? qsTr("Hide password") : qsTr("Show password")
            name: caption
            side: Theme.px(34)
            visible: root.withForm
            enabled: !root.signIn.busy
            onPressed: checked = !checked
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
            spacing: Theme.px(12)
            ActionButton {
                objectName: "signInButton"
                text: root.signIn.busy ? qsTr("Cancel") : root.registering ? qsTr("Create account") : qsTr("Sign in")
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
                text: root.registering ? qsTr("I have an account") : qsTr("Create account")
                visible: root.withForm && !root.signIn.busy
                onPressed: root.signIn.setRegistering(!root.registering)
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
    // While waiting, the fields cannot hold the focus.
    Connections {
        target: root.signIn
        function onChanged() {
            if (root.signIn.busy && root.activeFocus)
                buttons.enter()
        }
        function onRefused() {  // it was most likely the password
            if (root.activeFocus && root.withForm)
                password.retype()
        }
    }
}
