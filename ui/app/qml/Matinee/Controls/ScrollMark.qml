import QtQuick
import Matinee.Theme

// Where in a list the viewer is, at its end side. It shows that there is more, and takes neither mouse nor focus.
Rectangle {
    required property Flickable view
    readonly property real share: view.visibleArea.heightRatio
    readonly property real place: share < 1 ? view.visibleArea.yPosition / (1 - share) : 0

    width: Theme.tiny
    height: Math.max(Theme.px(24), share * view.height)
    y: view.y + Math.max(0, Math.min(1, place)) * (view.height - height)
    radius: width / 2
    color: Theme.muted
    opacity: 0.7
    visible: share < 0.999 && view.height > height
}
