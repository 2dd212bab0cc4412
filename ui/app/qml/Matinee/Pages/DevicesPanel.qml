pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// The machines of the account. Enter offers to remove one.
FocusScope {
    id: root

    required property QtObject devices

    signal menuWanted(string deviceId, string name, Item line)

    Keys.onUpPressed: if (list.activeFocus) again.forceActiveFocus(Qt.OtherFocusReason)
    Keys.onDownPressed: if (list.count > 0) list.forceActiveFocus(Qt.OtherFocusReason)

    ActionButton {
        id: again
        anchors.left: parent.left
        objectName: "devicesAgain"
        text: qsTr("Refresh")
        icon: "retry"
        focus: true
        onPressed: {
            root.devices.refresh()
            fadesIn.restart() // what is found may be what was found before
        }
    }
    Label {
        id: found
        objectName: "devicesFound"
        anchors { left: again.right; leftMargin: Theme.gap; right: parent.right; verticalCenter: again.verticalCenter }
        text: root.devices.message
        color: Theme.muted
        FadeIn {
            id: fadesIn
            target: found
        }
    }
    ListView {
        id: list
        objectName: "deviceLines"
        anchors { top: again.bottom; topMargin: Theme.gap; left: parent.left; bottom: parent.bottom }
        width: Math.min(parent.width, Theme.px(680))
        clip: contentHeight > height
        interactive: clip
        boundsBehavior: Flickable.StopAtBounds
        highlightMoveDuration: 0
        spacing: Theme.tight
        model: root.devices.lines
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Devices of your account")
        onCountChanged: if (count === 0 && activeFocus) again.forceActiveFocus(Qt.OtherFocusReason)
        Keys.onUpPressed: event => {
            event.accepted = currentIndex > 0
            if (event.accepted)
                --currentIndex
        }
        Keys.onDownPressed: currentIndex = Math.min(count - 1, currentIndex + 1)
        delegate: Pressable {
            id: line

            required property int index
            required property string deviceId
            required property string detail
            required property bool here
            required name

            objectName: "device_" + index
            description: detail
            width: ListView.view.width
            height: Math.max(Theme.px(58), words.implicitHeight + Theme.px(24))
            onPressed: {
                list.currentIndex = index
                root.menuWanted(deviceId, name, this)
            }
            Rectangle {
                anchors.fill: parent
                radius: line.corner
                color: line.hovered || line.activeFocus ? Theme.raisedHover : Theme.surface
                border.width: 1
                border.color: Theme.line
            }
            Column {
                id: words
                anchors { left: parent.left; leftMargin: Theme.px(18); right: more.left; rightMargin: Theme.gap }
                anchors.verticalCenter: parent.verticalCenter
                spacing: Theme.tiny
                Label { width: parent.width; text: line.name; font.weight: Font.Medium; Accessible.ignored: true }
                Label {
                    width: parent.width
                    text: line.detail
                    color: line.here ? Theme.good : Theme.muted
                    font.pixelSize: Theme.small
                    Accessible.ignored: true
                }
            }
            Label {
                id: more
                anchors { right: parent.right; rightMargin: Theme.px(18); verticalCenter: parent.verticalCenter }
                text: qsTr("Remove…")
                color: Theme.accent
                font.weight: Font.DemiBold
                Accessible.ignored: true
            }
        }
    }
}
