import QtQuick
import Matinee.Theme

// A title in a row or grid: picture, progress, name and facts.
Pressable {
    id: root

    property string text
    property string facts
    property string poster
    property real progress: 0

    name: text
    description: facts
    ringed: false
    width: Theme.posterWidth
    height: frame.height + Theme.tight + title.height + Theme.tiny + detail.height

    // The ring belongs around the picture, not around the words.
    FocusRing { target: frame; shown: root.activeFocus }

    Rectangle {
        id: frame
        width: parent.width
        height: Math.round(width / Theme.posterAspect)
        radius: Theme.radius
        gradient: Gradient {
            GradientStop { position: 0; color: Theme.raisedHover }
            GradientStop { position: 1; color: Theme.surface }
        }
        Icon {
            anchors.centerIn: parent
            name: "film"
            size: Theme.px(40)
            color: Theme.faint
            visible: picture.status !== Image.Ready
        }
        Image {
            id: picture
            anchors.fill: parent
            source: root.poster
            sourceSize.width: Theme.posterWidth * 1.5
            asynchronous: true
            fillMode: Image.PreserveAspectCrop
            opacity: status === Image.Ready ? 1 : 0
            Behavior on opacity { NumberAnimation { duration: Theme.calm } }
            Accessible.ignored: true
        }
        Rectangle {
            anchors.fill: parent
            color: Theme.focus
            opacity: root.hovered ? 0.08 : 0
        }
        // Rounds the picture's corners by painting over them; the software scene has no masks.
        Rectangle {
            anchors.fill: parent
            anchors.margins: -Theme.radius
            radius: 2 * Theme.radius
            color: Theme.clear
            border.width: Theme.radius
            border.color: Theme.background
            visible: picture.status === Image.Ready
        }
        Rectangle {
            anchors { left: parent.left; right: parent.right; bottom: parent.bottom; margins: Theme.tight }
            height: Theme.px(4)
            radius: height / 2
            color: Theme.shade
            visible: root.progress > 0
            Rectangle {
                anchors.left: parent.left
                width: parent.width * root.progress
                height: parent.height
                radius: height / 2
                color: Theme.accent
            }
        }
    }
    Label {
        id: title
        anchors { top: frame.bottom; topMargin: Theme.tight }
        width: parent.width
        text: root.text
        font.weight: Font.DemiBold
        color: root.activeFocus || root.hovered ? Theme.text : Theme.soft
        Accessible.ignored: true
    }
    Label {
        id: detail
        anchors { top: title.bottom; topMargin: Theme.tiny }
        width: parent.width
        text: root.facts
        color: Theme.muted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
}
