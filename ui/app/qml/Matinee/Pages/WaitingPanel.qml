import QtQuick
import Matinee.Theme
import Matinee.Controls

// A playback that waits: for what, and what is being done about it. Words come when it takes longer than a moment.
Item {
    id: root

    required property QtObject player

    implicitWidth: column.width + 2 * Theme.wide
    implicitHeight: column.height + 2 * Theme.gap

    Rectangle {
        anchors.fill: parent
        radius: Theme.radius
        color: Theme.scrim // words over a bright film
        opacity: words.opacity
    }
    Column {
        id: column
        anchors.centerIn: parent
        spacing: Theme.gap
        Spinner { anchors.horizontalCenter: parent.horizontalCenter }
        Label {
            id: words
            objectName: "busyWords"
            anchors.horizontalCenter: parent.horizontalCenter
            text: root.player.busyWords
            font.pixelSize: Theme.larger
            font.weight: Font.DemiBold
            opacity: 0
            SequentialAnimation on opacity {
                running: words.visible
                PropertyAction { value: 0 }
                PauseAnimation { duration: Theme.patience }
                NumberAnimation { to: 1; duration: Theme.calm }
            }
        }
        Label {
            objectName: "busyDetail"
            anchors.horizontalCenter: parent.horizontalCenter
            width: Math.min(implicitWidth, root.parent.width - 4 * Theme.margin, Theme.px(520))
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            text: root.player.busyDetail
            color: Theme.soft
            visible: text
            opacity: words.opacity
        }
    }
}
