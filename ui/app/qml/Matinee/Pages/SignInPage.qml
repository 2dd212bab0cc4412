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
    readonly property var stops: withForm ? [email, password, buttons] : [buttons]

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
    function submit() { signIn.submit(email.text, password.text) }

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
            text: root.withService ? qsTr("Sign in") : qsTr("Watch a stream")
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        Label {
            width: parent.width
            wrapMode: Text.Wrap
            text: root.withService ? qsTr("to %1").arg(root.signIn.serviceName)
                                   : qsTr("No service is set up. You can open the address of any HLS or DASH stream.")
            color: Theme.muted
        }
        CodePanel {
            id: panel
            code: root.code
            visible: root.byCode
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
            echoMode: TextInput.Password
            inputMethodHints: Qt.ImhSensitiveData
            visible: root.withForm
            enabled: !root.signIn.busy
            onAccepted: root.submit()
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
                text: root.signIn.busy ? qsTr("Cancel") : qsTr("Sign in")
                busy: root.signIn.busy
                primary: true
                visible: root.withForm
                focus: true
                onPressed: root.signIn.busy ? root.signIn.cancel() : root.submit()
            }
            ActionButton {
                objectName: "openStreamButton"
                text: qsTr("Open stream")
                icon: "link"
                primary: !root.withService
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
