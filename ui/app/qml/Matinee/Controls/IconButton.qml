import QtQuick
import Matinee.Theme

// A round button with an icon, and a few words beside it where they help.
Pressable {
    id: root

    property string icon
    property string caption
    property bool checked: false
    property bool plain: false // known by everybody, so that no tooltip covers what stands beside it
    property int side: Theme.control

    corner: side / 2
    implicitWidth: caption ? words.implicitWidth + side + Theme.px(14) : side
    implicitHeight: side
    opacity: enabled ? 1 : 0.35

    Rectangle {
        anchors.fill: parent
        radius: root.corner
        color: root.checked ? Theme.glowStrong : root.hovered || root.activeFocus ? Theme.glow : Theme.clear
    }
    Icon {
        id: picture
        anchors { left: parent.left; leftMargin: (root.side - size) / 2 }
        anchors.verticalCenter: parent.verticalCenter
        name: root.icon
        color: root.checked ? Theme.accent : Theme.text
    }
    z: tip.visible ? 1 : 0 // the tooltip above what stands beside
    Tooltip {
        id: tip
        target: root
        text: root.caption || root.plain ? "" : root.name
        pointed: root.visible && root.enabled && root.hovered
        focused: root.visible && root.enabled && root.activeFocus
    }
    Label {
        id: words
        anchors { left: picture.right; leftMargin: Theme.tight; verticalCenter: parent.verticalCenter }
        text: root.caption
        font.weight: Font.Medium
        Accessible.ignored: true
    }
}
