import QtQuick
import Matinee.Theme

// One of several filters side by side; the chosen one stands out.
Pressable {
    id: root

    property string text
    property bool chosen: false

    name: text
    corner: height / 2
    implicitWidth: words.implicitWidth + 2 * Theme.px(16)
    implicitHeight: Theme.px(36)
    Accessible.checkable: true
    Accessible.checked: chosen

    Rectangle {
        anchors.fill: parent
        radius: root.corner
        color: root.chosen ? Theme.text : root.hovered || root.activeFocus ? Theme.raisedHover : Theme.raised
        border.width: root.chosen ? 0 : 1
        border.color: Theme.line
    }
    Label {
        id: words
        anchors.centerIn: parent
        text: root.text
        color: root.chosen ? Theme.background : Theme.soft
        font.weight: Font.Medium
        Accessible.ignored: true
    }
}
