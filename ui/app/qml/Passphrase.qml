import QtQuick
import Matinee.Theme
import Matinee.Controls

// What is asked before the app begins, where what is kept on this computer has a passphrase.
Window {
    id: window

    required property QtObject app

    width: 640
    height: 360
    visible: true
    title: "Matinee"
    color: Theme.background

    Column {
        anchors.centerIn: parent
        width: Theme.px(420)
        spacing: Theme.wide
        Label {
            width: parent.width
            text: qsTr("What is kept on this computer has a passphrase.")
            wrapMode: Text.WordWrap
        }
        Field {
            id: field
            objectName: "passphrase"
            width: parent.width
            focus: true
            enabled: !window.app.busy
            label: qsTr("Passphrase")
            echoMode: TextInput.Password
            onAccepted: window.app.tryIt(text)
        }
        Label {
            objectName: "trouble"
            width: parent.width
            visible: text
            text: window.app.trouble
            color: Theme.danger
            wrapMode: Text.WordWrap
        }
        ActionButton {
            objectName: "open"
            text: qsTr("Open")
            primary: true
            busy: window.app.busy
            onPressed: window.app.tryIt(field.text)
        }
    }
}
