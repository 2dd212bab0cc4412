import QtQuick
import Matinee.Theme

// A channel: its picture, what is on and how far that has come, and what comes next.
Pressable {
    id: root

    required property int index
    required property string titleId
    required name
    required property string now
    required property string after
    required property real progress
    required property string poster

    objectName: "channel_" + index
    description: after ? now + ", " + after : now
    height: Theme.px(108)

    Rectangle {
        anchors.fill: parent
        radius: root.corner
        color: root.hovered || root.activeFocus ? Theme.raisedHover : Theme.surface
        border.width: 1
        border.color: Theme.line
    }
    Rectangle {
        id: frame
        anchors { left: parent.left; leftMargin: Theme.px(12); verticalCenter: parent.verticalCenter }
        width: Theme.px(149)
        height: Theme.px(84)
        radius: Theme.radiusSmall
        color: Theme.raised
        Icon {
            anchors.centerIn: parent
            name: "film"
            size: Theme.px(32)
            color: Theme.faint
            visible: picture.status !== Image.Ready
        }
        Image {
            id: picture
            anchors.fill: parent
            source: root.poster
            sourceSize.width: frame.width * 1.5
            asynchronous: true
            fillMode: Image.PreserveAspectCrop
            Accessible.ignored: true
        }
    }
    Column {
        anchors { left: frame.right; leftMargin: Theme.wide; right: mark.left; rightMargin: Theme.gap }
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.px(6)
        Label { width: parent.width; text: root.name; font.pixelSize: Theme.heading; font.weight: Font.DemiBold; Accessible.ignored: true }
        Label { width: parent.width; text: root.now; color: Theme.soft; Accessible.ignored: true }
        Rectangle {
            anchors.left: parent.left
            width: Math.min(parent.width, Theme.px(420))
            height: Theme.px(4)
            radius: height / 2
            color: Theme.track
            Rectangle {
                anchors.left: parent.left
                width: parent.width * root.progress
                height: parent.height
                radius: parent.radius
                color: Theme.accent
            }
        }
        Label { width: parent.width; text: root.after; color: Theme.muted; font.pixelSize: Theme.small; Accessible.ignored: true }
    }
    Chip {
        id: mark
        anchors { right: parent.right; rightMargin: Theme.px(18); verticalCenter: parent.verticalCenter }
        text: qsTr("LIVE")
        Accessible.ignored: true
    }
}
