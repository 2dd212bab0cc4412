import QtQuick
import Matinee.Theme

// One setting: its name, what it means, and what is chosen. Enter opens the choices.
Pressable {
    id: root

    required property int index
    required property string key
    required property string label
    required property string value
    required property string help

    objectName: "setting_" + key
    name: label + ", " + value
    description: help
    implicitHeight: Math.max(Theme.px(58), words.implicitHeight + 2 * Theme.px(12))

    Rectangle {
        anchors.fill: parent
        radius: root.corner
        color: root.hovered || root.activeFocus ? Theme.raisedHover : Theme.surface
        border.width: 1
        border.color: Theme.line
    }
    Column {
        id: words
        anchors { left: parent.left; leftMargin: Theme.px(18); right: chosen.left; rightMargin: Theme.gap }
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.tiny
        Label {
            width: parent.width
            text: root.label
            font.weight: Font.Medium
            Accessible.ignored: true
        }
        Label {
            width: parent.width
            text: root.help
            visible: text
            wrapMode: Text.Wrap
            color: Theme.muted
            font.pixelSize: Theme.small
            Accessible.ignored: true
        }
    }
    Label {
        id: chosen
        anchors { right: parent.right; rightMargin: Theme.px(18); verticalCenter: parent.verticalCenter }
        text: root.value
        color: Theme.accent
        font.weight: Font.DemiBold
        Accessible.ignored: true
    }
}
