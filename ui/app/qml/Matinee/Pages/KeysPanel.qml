pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// Every action of the player with its keys. Enter waits for a new key, Delete takes all keys away.
FocusScope {
    id: root

    required property QtObject keys

    signal leaving() // past the first button

    Keys.onUpPressed: if (list.activeFocus) buttons.enter()
    Keys.onDownPressed: list.forceActiveFocus(Qt.OtherFocusReason)
    onVisibleChanged: if (!visible) root.keys.await_("")

    FocusRow {
        id: buttons
        anchors.left: parent.left
        spacing: Theme.gap
        focus: true
        onBeyondBegin: root.leaving()
        ActionButton {
            objectName: "keysReset"
            text: qsTr("Default keys")
            icon: "restart"
            focus: true
            onPressed: {
                root.keys.reset()
                fadesIn.restart() // they may have been the default ones already
            }
        }
        ActionButton {
            objectName: "keysExport"
            text: qsTr("Save as a file")
            icon: "download"
            onPressed: {
                root.keys.export()
                fadesIn.restart()
            }
        }
        ActionButton {
            objectName: "keysLoad"
            text: qsTr("Load the file")
            icon: "history"
            onPressed: {
                root.keys.load()
                fadesIn.restart()
            }
        }
    }
    Label {
        id: said
        objectName: "keysNotice"
        anchors { left: parent.left; top: buttons.bottom; topMargin: Theme.tight }
        width: Math.min(parent.width, Theme.px(680))
        text: root.keys.notice || qsTr("Enter waits for a new key. Delete takes all keys away.")
        wrapMode: Text.Wrap
        color: Theme.muted
        font.pixelSize: Theme.small
    }
    FadeIn {
        id: fadesIn
        target: said
    }
    ScrollMark {
        anchors { left: list.right; leftMargin: Theme.tiny }
        view: list
    }
    ListView {
        id: list
        objectName: "keyLines"
        anchors { top: said.bottom; topMargin: Theme.gap; left: parent.left; bottom: parent.bottom }
        width: Math.min(parent.width, Theme.px(680))
        clip: contentHeight > height
        interactive: clip
        boundsBehavior: Flickable.StopAtBounds
        highlightMoveDuration: 0
        cacheBuffer: 4000 // every line is there, so that none is passed over
        spacing: Theme.tiny
        model: root.visible ? root.keys.lines : null
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Keys of the player")
        Keys.onUpPressed: event => {
            event.accepted = currentIndex > 0
            if (event.accepted)
                --currentIndex
        }
        Keys.onDownPressed: currentIndex = Math.min(count - 1, currentIndex + 1)
        delegate: Pressable {
            id: line

            required property int index
            required property string action
            required property string section
            required property string sentence
            required property string keys
            required property bool fixed
            required property bool changed
            readonly property bool waiting: root.keys.awaited === action

            objectName: "keyLine_" + action
            name: sentence + ", " + keys
            description: fixed ? qsTr("This key cannot be changed.") : ""
            width: ListView.view.width
            height: Math.max(Theme.px(46), Math.max(words.implicitHeight, held.implicitHeight) + Theme.gap)
            onPressed: {
                list.currentIndex = index
                if (!fixed)
                    root.keys.await_(waiting ? "" : action)
            }
            onActiveFocusChanged: if (!activeFocus && waiting) root.keys.await_("")
            Keys.onPressed: event => {
                if (waiting)
                    event.accepted = root.keys.give(event.key, event.modifiers) || event.key === Qt.Key_Shift
                else if (event.key === Qt.Key_Delete && !fixed) {
                    root.keys.clear(action)
                    event.accepted = true
                }
            }
            Keys.priority: Keys.BeforeItem
            Rectangle {
                anchors.fill: parent
                radius: line.corner
                color: line.hovered || line.activeFocus ? Theme.raisedHover : Theme.surface
                border.width: 1
                border.color: line.waiting ? Theme.accent : Theme.line
            }
            Label {
                id: words
                anchors { left: parent.left; leftMargin: Theme.px(18); right: held.left; rightMargin: Theme.gap }
                anchors.verticalCenter: parent.verticalCenter
                text: line.sentence
                wrapMode: Text.Wrap
                Accessible.ignored: true
            }
            Label {
                id: held
                anchors { right: parent.right; rightMargin: Theme.px(18); verticalCenter: parent.verticalCenter }
                width: Math.min(implicitWidth, parent.width * 0.5)
                horizontalAlignment: Text.AlignRight
                wrapMode: Text.Wrap
                text: line.waiting ? qsTr("Press a key…") : line.keys || qsTr("none")
                color: line.waiting || line.changed ? Theme.accent : Theme.muted
                font.weight: Font.DemiBold
                Accessible.ignored: true
            }
        }
    }
}
