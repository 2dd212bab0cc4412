import QtQuick
import Matinee.Theme

// One or two fields to fill in, over a page. What is typed is forgotten when it closes.
FocusScope {
    id: root

    property string heading
    property string sentence
    property string action // words of the button
    property string other // of one more button, which closes nothing; empty for none
    property alias firstLabel: first.label
    property alias firstHints: first.inputMethodHints
    property alias secondLabel: second.label // empty for one field only
    property bool secret: false

    signal accepted(string first, string second)
    signal otherWanted()
    signal closed()

    visible: false
    enabled: visible
    Accessible.role: Accessible.Dialog
    Accessible.name: heading

    function open() {
        visible = true
        first.forceActiveFocus(Qt.PopupFocusReason)
    }
    function close() {
        visible = false
        first.text = second.text = ""
        closed()
    }
    function accept() {
        const given = [first.text, second.text]
        close()
        accepted(given[0], given[1])
    }

    Keys.onEscapePressed: close()
    Keys.onBackPressed: close()
    Keys.onPressed: event => event.accepted = true // nothing reaches the page behind
    Keys.onUpPressed: (buttons.activeFocus && second.visible ? second : first).forceActiveFocus(Qt.OtherFocusReason)
    Keys.onDownPressed: first.activeFocus && second.visible ? second.forceActiveFocus(Qt.OtherFocusReason) : buttons.enter()

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
        width: Math.min(parent.width - 2 * Theme.margin, Theme.px(520))
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
                visible: text
            }
            Field {
                id: first
                objectName: "firstField"
                width: parent.width
                focus: true
                echoMode: root.secret ? TextInput.Password : TextInput.Normal
                onAccepted: second.visible ? second.forceActiveFocus(Qt.OtherFocusReason) : root.accept()
            }
            Field {
                id: second
                objectName: "secondField"
                width: parent.width
                visible: label
                enabled: visible
                echoMode: root.secret ? TextInput.Password : TextInput.Normal
                onAccepted: root.accept()
            }
            FocusRow {
                id: buttons
                spacing: Theme.px(12)
                ActionButton {
                    objectName: "acceptForm"
                    text: root.action
                    primary: true
                    focus: true
                    onPressed: root.accept()
                }
                ActionButton {
                    objectName: "otherOfForm"
                    text: root.other
                    visible: text
                    onPressed: root.otherWanted()
                }
                ActionButton {
                    objectName: "closeForm"
                    text: qsTr("Cancel")
                    onPressed: root.close()
                }
            }
        }
    }
}
