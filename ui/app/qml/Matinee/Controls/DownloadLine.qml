import QtQuick
import Matinee.Theme

// One download: its name, how far it is, what it does, and what its licence permits. Enter opens what can be done.
Pressable {
    id: root

    required property int index
    required property string downloadId
    required property string title
    required property string status
    required property string facts
    required property string rights
    required property real fraction
    required property bool trouble
    required property bool done

    objectName: "download_" + index
    name: title + ", " + status
    description: [facts, rights].filter(words => words).join(", ")
    implicitHeight: words.implicitHeight + 2 * Theme.px(14)

    Rectangle {
        anchors.fill: parent
        radius: root.corner
        color: root.hovered || root.activeFocus ? Theme.raisedHover : Theme.surface
        border.width: 1
        border.color: Theme.line
    }
    Icon {
        id: sign
        anchors { left: parent.left; leftMargin: Theme.px(18); verticalCenter: parent.verticalCenter }
        name: root.trouble ? "warning" : root.done ? "check" : "download"
        color: root.trouble ? Theme.danger : root.done ? Theme.good : Theme.accent
    }
    Column {
        id: words
        anchors { left: sign.right; leftMargin: Theme.px(18); right: parent.right; rightMargin: Theme.px(18) }
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.px(6)
        Item {
            width: parent.width
            height: caption.height
            Label {
                id: caption
                anchors.left: parent.left
                width: parent.width - sizes.implicitWidth - Theme.gap
                text: root.title
                font.weight: Font.DemiBold
                Accessible.ignored: true
            }
            Label {
                id: sizes
                anchors { right: parent.right; verticalCenter: parent.verticalCenter }
                text: root.facts
                color: Theme.muted
                font.pixelSize: Theme.small
                Accessible.ignored: true
            }
        }
        Rectangle {
            width: parent.width
            height: Theme.px(4)
            radius: height / 2
            color: Theme.track
            visible: !root.done
            Rectangle {
                anchors.left: parent.left
                width: parent.width * root.fraction
                height: parent.height
                radius: height / 2
                color: root.trouble ? Theme.danger : Theme.accent
            }
        }
        Label {
            width: parent.width
            text: [root.status, root.rights].filter(words => words).join("  ·  ")
            wrapMode: Text.Wrap
            maximumLineCount: 3
            color: root.trouble ? Theme.danger : Theme.muted
            font.pixelSize: Theme.small
            Accessible.ignored: true
        }
    }
}
