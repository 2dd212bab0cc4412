import QtQuick
import Matinee.Theme

// The timeline: what was played, what is buffered, a handle to drag. Left and Right step.
Item {
    id: root

    property real position: 0 // 0..1
    property var buffered: [] // begin, end, begin, end... in 0..1
    property string positionText
    property string durationText
    property var timeAt: fraction => ""
    readonly property bool focusable: true
    readonly property bool dragging: mouse.pressed

    signal stepped(int direction)
    signal scrubbed(real fraction)
    signal seeked(real fraction)

    implicitHeight: Theme.px(28)
    activeFocusOnTab: true
    Accessible.role: Accessible.Slider
    Accessible.name: qsTr("Position")
    Accessible.description: qsTr("%1 of %2").arg(positionText).arg(durationText)
    Accessible.focusable: true
    Accessible.onIncreaseAction: stepped(1)
    Accessible.onDecreaseAction: stepped(-1)
    Keys.onLeftPressed: stepped(-1)
    Keys.onRightPressed: stepped(1)

    function fractionAt(x: real): real { return Math.max(0, Math.min(1, x / width)) }

    Rectangle {
        id: bar
        anchors.verticalCenter: parent.verticalCenter
        width: parent.width
        height: root.activeFocus || mouse.containsMouse || mouse.pressed ? Theme.px(7) : Theme.px(4)
        radius: height / 2
        color: Theme.track
        Behavior on height { NumberAnimation { duration: Theme.quick } }

        Repeater {
            model: Math.floor(root.buffered.length / 2)
            Rectangle {
                required property int index
                x: bar.width * root.buffered[2 * index]
                width: bar.width * (root.buffered[2 * index + 1] - root.buffered[2 * index])
                height: bar.height
                radius: bar.radius
                color: Theme.trackBuffered
            }
        }
        Rectangle {
            width: bar.width * root.position
            height: bar.height
            radius: bar.radius
            color: Theme.accent
        }
    }
    Rectangle {
        id: handle
        anchors.verticalCenter: parent.verticalCenter
        x: root.width * root.position - width / 2
        width: Theme.px(root.activeFocus || mouse.containsMouse || mouse.pressed ? 18 : 12)
        height: width
        radius: width / 2
        color: Theme.text
        Behavior on width { NumberAnimation { duration: Theme.quick } }
        FocusRing { target: handle; shown: root.activeFocus; corner: handle.radius }
    }
    Rectangle {
        visible: mouse.containsMouse || mouse.pressed || root.activeFocus
        x: Math.max(0, Math.min(root.width - width, root.width * shownAt - width / 2))
        anchors { bottom: bar.top; bottomMargin: Theme.px(16) }
        readonly property real shownAt: mouse.containsMouse || mouse.pressed ? root.fractionAt(mouse.mouseX) : root.position
        width: bubble.implicitWidth + Theme.gap
        height: bubble.implicitHeight + Theme.tight
        radius: Theme.radiusSmall
        color: Theme.panel
        Label {
            id: bubble
            anchors.centerIn: parent
            text: mouse.containsMouse || mouse.pressed ? root.timeAt(parent.shownAt) : root.positionText
            font.pixelSize: Theme.small
            font.weight: Font.Medium
            Accessible.ignored: true
        }
    }
    MouseArea {
        id: mouse
        anchors.fill: parent
        hoverEnabled: true
        cursorShape: Qt.PointingHandCursor
        preventStealing: true
        onPressed: event => root.scrubbed(root.fractionAt(event.x))
        onPositionChanged: event => {
            if (pressed)
                root.scrubbed(root.fractionAt(event.x))
        }
        onReleased: event => root.seeked(root.fractionAt(event.x))
    }
}
