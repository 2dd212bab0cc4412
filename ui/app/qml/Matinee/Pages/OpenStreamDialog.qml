import QtQuick
import Matinee.Theme
import Matinee.Controls

// Asks for the address of a manifest, or the path of one on this machine.
FocusScope {
    id: root

    property string error

    signal accepted(string url)
    signal fileWanted()
    signal closed()

    visible: false
    Accessible.role: Accessible.Dialog
    Accessible.name: qsTr("Open stream")

    function open() {
        visible = true
        address.forceActiveFocus(Qt.PopupFocusReason)
    }
    function openWith(text: string) {
        address.text = text.trim().slice(0, 2000)
        open()
    }
    // A second refusal reads as the first did, and is seen to come all the same.
    function ask() {
        accepted(address.text)
        if (visible && error)
            comes.restart()
    }
    function close() {
        visible = false
        closed()
    }

    FadeIn {
        id: comes
        target: problem
    }
    Keys.onEscapePressed: close()
    Keys.onBackPressed: close()
    Keys.onPressed: event => event.accepted = true // nothing reaches the page behind
    Keys.onUpPressed: address.forceActiveFocus(Qt.OtherFocusReason)
    Keys.onDownPressed: buttons.enter()

    Rectangle {
        anchors.fill: parent
        color: Theme.scrim
        MouseArea {
            anchors.fill: parent
            hoverEnabled: true
            onClicked: root.close()
            onWheel: event => event.accepted = true
        }
    }
    Rectangle {
        anchors.centerIn: parent
        width: Math.min(parent.width - 2 * Theme.margin, Theme.px(600))
        height: column.implicitHeight + 2 * Theme.px(28)
        radius: Theme.px(12)
        color: Theme.surface
        border.width: 1
        border.color: Theme.line
        MouseArea { anchors.fill: parent }

        Column {
            id: column
            x: Theme.px(28)
            y: Theme.px(28)
            width: parent.width - 2 * x
            spacing: Theme.px(18)
            Label {
                text: qsTr("Open stream")
                font.pixelSize: Theme.title
                font.weight: Font.DemiBold
                Accessible.role: Accessible.Heading
            }
            Field {
                id: address
                objectName: "address"
                width: parent.width
                focus: true
                label: qsTr("Address or file of an HLS playlist or DASH manifest")
                placeholder: "https://"
                inputMethodHints: Qt.ImhUrlCharactersOnly | Qt.ImhNoAutoUppercase
                onAccepted: root.ask()
            }
            Label {
                id: problem
                objectName: "addressProblem"
                width: parent.width
                wrapMode: Text.Wrap
                text: root.error
                color: Theme.danger
                visible: text
                Accessible.role: Accessible.AlertMessage
            }
            FocusRow {
                id: buttons
                spacing: Theme.px(12)
                ActionButton {
                    objectName: "openButton"
                    text: qsTr("Open")
                    icon: "play"
                    primary: true
                    focus: true
                    onPressed: root.ask()
                }
                ActionButton {
                    objectName: "chooseFile"
                    text: qsTr("Open a file")
                    icon: "film"
                    onPressed: root.fileWanted()
                }
                ActionButton {
                    text: qsTr("Cancel")
                    onPressed: root.close()
                }
            }
        }
    }
}
