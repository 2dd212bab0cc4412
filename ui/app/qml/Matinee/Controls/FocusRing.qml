import QtQuick
import Matinee.Theme

// Drawn around whatever has the keyboard focus.
Rectangle {
    property Item target: parent
    property bool shown: target && target.activeFocus
    property real corner: Theme.radius
    property bool inside: false
    readonly property real gap: inside ? 0 : Theme.focusGap + Theme.focusWidth

    anchors.fill: target
    anchors.margins: -gap
    radius: corner + gap
    color: Theme.clear
    border.width: Theme.focusWidth
    border.color: Theme.focus
    visible: shown
    z: 1
}
