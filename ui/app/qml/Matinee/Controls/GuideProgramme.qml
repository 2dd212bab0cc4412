import QtQuick
import Matinee.Theme

// A programme of a channel, as wide as it is long.
Pressable {
    id: root

    required property var programme
    readonly property bool on: programme?.on ?? false

    signal recordWanted()

    name: programme?.name ?? ""
    description: (programme?.when ?? "") + [programme?.left, programme?.recorded].filter(Boolean).map(words => ", " + words).join("")
    corner: Theme.radiusSmall

    Keys.onMenuPressed: recordWanted()
    Keys.onPressed: event => {
        event.accepted = event.key === Qt.Key_R || event.key === Qt.Key_MediaRecord
        if (event.accepted && !event.isAutoRepeat)
            recordWanted()
    }

    MouseArea {
        anchors.fill: parent
        acceptedButtons: Qt.RightButton
        onClicked: {
            root.forceActiveFocus(Qt.MouseFocusReason)
            root.recordWanted()
        }
    }
    Rectangle {
        anchors.fill: parent
        radius: root.corner
        color: root.hovered || root.activeFocus ? Theme.raisedHover : root.on ? Theme.raised : Theme.surface
    }
    Column {
        anchors { left: parent.left; right: parent.right; margins: Theme.px(12); verticalCenter: parent.verticalCenter }
        spacing: Theme.tiny
        visible: root.width > Theme.px(48)
        Label { width: parent.width; text: root.name; font.weight: root.on ? Font.DemiBold : Font.Normal; color: root.on ? Theme.text : Theme.soft; Accessible.ignored: true }
        Label { width: parent.width; text: root.programme?.recorded || root.programme?.when || ""; color: root.programme?.recorded ? Theme.accent : Theme.muted; font.pixelSize: Theme.small; Accessible.ignored: true }
    }
    Rectangle {
        anchors { left: parent.left; bottom: parent.bottom; right: parent.right; margins: Theme.px(3) }
        height: Theme.px(3)
        radius: height / 2
        color: Theme.track
        visible: root.on
        Rectangle {
            anchors.left: parent.left
            width: parent.width * (root.programme?.progress ?? 0)
            height: parent.height
            radius: parent.radius
            color: Theme.accent
        }
    }
}
