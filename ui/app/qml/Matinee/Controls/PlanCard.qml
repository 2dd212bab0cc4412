import QtQuick
import Matinee.Theme

// A plan for sale: its name, what it costs and what it brings.
Pressable {
    id: root

    property string plan
    property string price
    property string facts
    property bool chosen: false

    description: price + ", " + facts.split("\n").join(", ")
    width: Theme.type(248)
    height: words.implicitHeight + 2 * Theme.gap
    Accessible.checkable: true
    Accessible.checked: chosen

    Rectangle {
        anchors.fill: parent
        radius: root.corner
        color: root.hovered || root.activeFocus ? Theme.raisedHover : Theme.surface
        border.width: root.chosen ? 2 : 1
        border.color: root.chosen ? Theme.accent : Theme.line
    }
    Column {
        id: words
        anchors { left: parent.left; right: parent.right; top: parent.top; margins: Theme.gap }
        spacing: Theme.tight
        Item {
            width: parent.width
            height: title.height
            Label {
                id: title
                anchors.left: parent.left
                text: root.name
                font.pixelSize: Theme.heading
                font.weight: Font.DemiBold
                Accessible.ignored: true
            }
            Icon {
                anchors { right: parent.right; verticalCenter: parent.verticalCenter }
                name: "check"
                color: Theme.accent
                visible: root.chosen
            }
        }
        Label { width: parent.width; text: root.price; wrapMode: Text.Wrap; color: Theme.accent; font.weight: Font.DemiBold; Accessible.ignored: true }
        Label {
            width: parent.width
            text: root.facts
            color: Theme.muted
            font.pixelSize: Theme.small
            lineHeight: 1.3
            wrapMode: Text.Wrap
            Accessible.ignored: true
        }
    }
}
