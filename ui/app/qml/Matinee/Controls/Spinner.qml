import QtQuick
import Matinee.Theme

// Twelve fading dots in a circle; turns only while it can be seen.
Item {
    id: root

    property int size: Theme.px(56)
    property color color: Theme.text
    property int step: 0

    width: size
    height: size
    Accessible.role: Accessible.Animation
    Accessible.name: qsTr("Please wait")

    Repeater {
        model: root.visible ? 12 : 0 // most spinners are never seen
        Rectangle {
            required property int index
            readonly property real angle: index * Math.PI / 6
            width: root.size / 8
            height: width
            radius: width / 2
            x: root.size / 2 + Math.sin(angle) * root.size * 0.42 - width / 2
            y: root.size / 2 - Math.cos(angle) * root.size * 0.42 - height / 2
            color: root.color
            opacity: 0.12 + 0.88 * (1 - ((root.step - index + 24) % 12) / 12)
        }
    }
    Timer {
        interval: 90
        repeat: true
        running: root.visible
        onTriggered: root.step = (root.step + 1) % 12
    }
}
