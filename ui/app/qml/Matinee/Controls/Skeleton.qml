pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme

// Empty frames of the right size while titles are on their way.
Grid {
    id: root

    property int cellWidth: Theme.posterWidth + Theme.gap
    property int cellHeight: Math.round(Theme.posterWidth / Theme.posterAspect + Theme.px(72))
    property int rowCount: 3
    property int lineHeight: 0 // of lines in place of pictures; 0 for pictures
    property real corner: Theme.radius

    Accessible.role: Accessible.StaticText
    Accessible.name: qsTr("Loading")

    Repeater {
        model: root.visible ? root.columns * root.rowCount : 0
        Item {
            id: cell
            required property int index
            width: root.cellWidth
            height: root.cellHeight
            Rectangle {
                width: parent.width - Theme.gap
                height: root.lineHeight || width / Theme.posterAspect
                radius: root.corner
                color: Theme.surface
                SequentialAnimation on opacity {
                    loops: Animation.Infinite
                    running: root.visible && !Theme.still
                    PauseAnimation { duration: cell.index * 60 }
                    NumberAnimation { from: 1; to: 0.45; duration: 700; easing.type: Easing.InOutSine }
                    NumberAnimation { from: 0.45; to: 1; duration: 700; easing.type: Easing.InOutSine }
                }
            }
        }
    }
}
