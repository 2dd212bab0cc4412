import QtQuick
import Matinee.Theme

// 0 to 200, in two halves of the bar. Above 100 the audio is amplified. Left and Right move to the neighbouring
// controls. After Enter they change the volume, until Enter or Back.
Item {
    id: root

    property int value: 100
    property bool muted: false
    property bool adjusting: false
    readonly property bool focusable: true
    readonly property real shown: muted ? 0 : value / most
    readonly property int most: 200

    signal chosen(int value)

    implicitWidth: Theme.px(92)
    implicitHeight: Theme.control
    activeFocusOnTab: true
    Accessible.role: Accessible.Slider
    Accessible.name: qsTr("Volume")
    Accessible.description: qsTr("%1 percent").arg(muted ? 0 : value)
    Accessible.focusable: true
    Accessible.onIncreaseAction: change(5)
    Accessible.onDecreaseAction: change(-5)
    onActiveFocusChanged: adjusting = false
    Keys.onPressed: event => {
        event.accepted = true
        switch (event.key) {
        case Qt.Key_Return: case Qt.Key_Enter: case Qt.Key_Select:
            if (!event.isAutoRepeat)
                adjusting = !adjusting
            break
        case Qt.Key_Left: case Qt.Key_Right:
            if (adjusting)
                change(event.key === Qt.Key_Left ? -5 : 5)
            else
                event.accepted = false
            break
        case Qt.Key_Escape: case Qt.Key_Back: case Qt.Key_Backspace:
            event.accepted = adjusting
            adjusting = false
            break
        default: event.accepted = false
        }
    }

    function change(step: int) {
        const next = Math.max(0, Math.min(most, value + step))
        if (next !== value)
            chosen(next)
    }

    Rectangle {
        id: bar
        anchors.verticalCenter: parent.verticalCenter
        width: parent.width
        height: Theme.px(4)
        radius: height / 2
        color: Theme.track
        Rectangle {
            width: parent.width * root.shown
            height: parent.height
            radius: height / 2
            color: root.value > 100 ? Theme.accent : Theme.text
        }
        Rectangle {
            x: parent.width / 2
            width: 1
            height: parent.height
            color: Theme.faint
        }
    }
    Rectangle {
        id: handle
        anchors.verticalCenter: parent.verticalCenter
        x: (root.width - width) * root.shown
        width: Theme.px(12)
        height: width
        radius: width / 2
        color: root.adjusting ? Theme.accent : Theme.text
        FocusRing { target: handle; shown: root.activeFocus; corner: handle.radius }
    }
    MouseArea {
        anchors.fill: parent
        cursorShape: Qt.PointingHandCursor
        preventStealing: true
        onPressed: event => root.chosen(Math.round(root.most * Math.max(0, Math.min(1, event.x / width))))
        onPositionChanged: event => root.chosen(Math.round(root.most * Math.max(0, Math.min(1, event.x / width))))
        onWheel: event => root.change(event.angleDelta.y > 0 ? 5 : -5)
    }
}
