import QtQuick
import Matinee.Theme

// Asks before something is done that cannot be undone at once. The harmless answer has the focus.
FocusScope {
    id: root

    property string heading
    property string sentence
    property string action // words of the button

    signal accepted()
    signal closed()

    visible: false
    enabled: visible
    Accessible.role: Accessible.Dialog
    Accessible.name: heading

    function open() {
        visible = true
        no.forceActiveFocus(Qt.PopupFocusReason)
    }
    function close() {
        visible = false
        closed()
    }

    Keys.onEscapePressed: close()
    Keys.onBackPressed: close()
    Keys.onPressed: event => event.accepted = true // nothing reaches the page behind

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
        width: Math.min(parent.width - 2 * Theme.margin, Theme.px(480))
        height: column.implicitHeight + 2 * Theme.px(28)
        radius: Theme.px(12)
        color: Theme.surface
        border.width: 1
        border.color: Theme.line
        MouseArea { anchors.fill: parent }

        Column {
            id: column
            anchors { left: parent.left; right: parent.right; top: parent.top; margins: Theme.px(28) }
            spacing: Theme.px(18)
            Label {
                width: parent.width
                text: root.heading
                font.pixelSize: Theme.title
                font.weight: Font.DemiBold
                Accessible.role: Accessible.Heading
            }
            Label {
                width: parent.width
                wrapMode: Text.Wrap
                text: root.sentence
                color: Theme.muted
            }
            FocusRow {
                spacing: Theme.px(12)
                ActionButton {
                    id: no
                    objectName: "confirmNo"
                    text: qsTr("Cancel")
                    focus: true
                    onPressed: root.close()
                }
                ActionButton {
                    objectName: "confirmYes"
                    text: root.action
                    primary: true
                    onPressed: {
                        root.close() // the page has the focus again, whatever becomes of it
                        root.accepted()
                    }
                }
            }
        }
    }
}
