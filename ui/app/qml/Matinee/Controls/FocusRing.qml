import QtQuick
import Matinee.Theme

// Drawn around whatever has the keyboard focus.
Rectangle {
    property Item target: parent
    property bool shown: target && target.activeFocus
    property real corner: Theme.radius

    anchors.fill: target
    anchors.margins: -Theme.focusGap - Theme.focusWidth
    radius: corner + Theme.focusGap + Theme.focusWidth
    color: Theme.clear
    border.width: Theme.focusWidth
    border.color: Theme.focus
    visible: shown
    z: 1
}
