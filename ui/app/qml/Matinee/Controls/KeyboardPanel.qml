import QtQuick
import Matinee.Theme

// Fills in one field by six keys, over everything else. What is typed counts once it is done.
FocusScope {
    id: root

    property string label // of the field
    property string typed
    property string often // signs that belong to what is typed here, besides letters and digits
    property bool secret: false
    property bool digits: false // and nothing else
    property bool time: false // digits, and what stands between hours and minutes

    signal done(string text)
    signal cancelled()

    function enter() { keys.enter() }
    function erase() { typed = typed.slice(0, -1) }

    Accessible.role: Accessible.Dialog
    Accessible.name: label
    Keys.onEscapePressed: cancelled()
    Keys.onBackPressed: cancelled()
    Keys.onPressed: event => {
        event.accepted = true // nothing reaches what is behind
        if (event.key === Qt.Key_Backspace)
            erase()
        else if (event.text.length === 1 && event.text > " ")
            typed += event.text
    }

    Rectangle {
        anchors.fill: parent
        color: Theme.scrim
        MouseArea {
            anchors.fill: parent
            hoverEnabled: true
            onClicked: root.cancelled()
            onWheel: event => event.accepted = true
        }
    }
    Rectangle {
        anchors.centerIn: parent
        width: column.width + 2 * Theme.px(28)
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
            width: Math.max(keys.implicitWidth, buttons.implicitWidth, Theme.px(400))
            spacing: Theme.px(18)
            Label {
                width: parent.width
                text: root.label
                color: Theme.muted
                wrapMode: Text.Wrap
                Accessible.role: Accessible.Heading
            }
            Label {
                id: line
                objectName: "typedText"
                width: parent.width
                text: (root.secret ? "•".repeat(root.typed.length) : root.typed) + "|"
                elide: Text.ElideLeft // what was typed last is of interest
                font.pixelSize: Theme.title
                Accessible.name: root.secret ? qsTr("Typed: %1 characters").arg(root.typed.length) : qsTr("Typed: %1").arg(root.typed)
            }
            ScreenKeys {
                id: keys

                readonly property string small: "abcdefghijklmnopqrstuvwxyz0123456789" + root.often
                readonly property string signs: ".-_:/?=&%#@+~!$*,;()[]{}<>'\"\\|^`€£§°"

                anchors.horizontalCenter: parent.horizontalCenter
                letters: root.digits ? `123456789${root.time ? ":" : " "}0` : shift.on ? small.toUpperCase() : others.on ? signs : small
                columns: root.digits ? 3 : 12
                withSpace: !root.digits
                asTyped: true
                focus: true
                onTyped: letter => root.typed += letter
                onErased: root.erase()
                onPassedDown: buttons.enter()
            }
            FocusRow {
                id: buttons
                anchors.horizontalCenter: parent.horizontalCenter
                spacing: Theme.px(12)
                Keys.onUpPressed: keys.enter()
                ActionButton {
                    id: shift
                    property bool on: false
                    objectName: "keysShift"
                    text: on ? "abc" : "ABC"
                    visible: !root.digits
                    onPressed: {
                        on = !on
                        others.on = false
                    }
                }
                ActionButton {
                    id: others
                    property bool on: false
                    objectName: "keysSigns"
                    text: on ? "abc" : "#+="
                    visible: !root.digits
                    onPressed: {
                        on = !on
                        shift.on = false
                    }
                }
                ActionButton {
                    objectName: "keysDone"
                    text: qsTr("Done")
                    icon: "check"
                    primary: true
                    focus: true
                    onPressed: root.done(root.typed)
                }
                ActionButton {
                    objectName: "keysCancel"
                    text: qsTr("Cancel")
                    onPressed: root.cancelled()
                }
            }
        }
    }
}
