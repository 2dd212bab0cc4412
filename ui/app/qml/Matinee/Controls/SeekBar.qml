import QtQuick
import Matinee.Theme
import Matinee.Video

// The timeline: what was played, what is buffered, a handle to drag. Left and Right step.
Item {
    id: root

    property real position: 0 // 0..1
    property var buffered: [] // begin, end, begin, end... in 0..1
    property var chapters: [] // where they begin, 0..1
    property string positionText
    property string chapter // of the position
    property string durationText
    property var timeAt: fraction => ""
    property var chapterAt: fraction => ""
    required property QtObject preview // the picture of the time that is shown above
    readonly property bool focusable: true
    readonly property bool dragging: mouse.pressed
    readonly property int pictureHeight: above.pictured ? picture.height + Theme.tiny : 0

    signal stepped(int direction)
    signal scrubbed(real fraction)
    signal seeked(real fraction)
    signal hovered(real fraction) // below 0: not any more

    implicitHeight: Theme.px(28)
    activeFocusOnTab: true
    Accessible.role: Accessible.Slider
    Accessible.name: qsTr("Position")
    Accessible.description: [durationText ? qsTr("%1 of %2").arg(positionText).arg(durationText) : positionText, chapter].filter(words => words).join(", ")
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
        Repeater {
            objectName: "chapterMarks"
            model: root.chapters
            Rectangle {
                required property real modelData
                x: Math.round(bar.width * modelData - width / 2)
                width: Theme.px(3)
                height: bar.height
                color: Theme.black
            }
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
        id: above

        readonly property bool pointed: mouse.containsMouse || mouse.pressed
        readonly property bool pictured: root.preview.present
        readonly property real shownAt: pointed ? root.fractionAt(mouse.mouseX) : root.position

        visible: pointed || root.activeFocus || pictured
        x: Math.max(0, Math.min(root.width - width, root.width * shownAt - width / 2))
        anchors { bottom: bar.top; bottomMargin: Theme.px(16) }
        width: Math.max(bubble.width + Theme.gap, pictured ? picture.width + 2 * Theme.tiny : 0)
        height: bubble.implicitHeight + Theme.tight + root.pictureHeight
        radius: Theme.radiusSmall
        color: Theme.panel
        PictureView {
            id: picture
            objectName: "preview"
            readonly property real fit: Math.min(Theme.px(320) / implicitWidth, Theme.px(200) / implicitHeight)
            anchors { top: parent.top; topMargin: Theme.tiny; horizontalCenter: parent.horizontalCenter }
            visible: parent.pictured
            width: visible ? Math.round(implicitWidth * fit) : 0
            height: visible ? Math.round(implicitHeight * fit) : 0
            picture: root.preview.picture
            opacity: root.preview.waiting ? 0.4 : 1 // it is of another time
            Accessible.ignored: true
        }
        Label {
            id: bubble
            anchors { bottom: parent.bottom; bottomMargin: Theme.tiny; horizontalCenter: parent.horizontalCenter }
            width: Math.min(implicitWidth, Theme.px(360))
            text: parent.pointed ? words(root.timeAt(parent.shownAt), root.chapterAt(parent.shownAt))
                                 : words(root.positionText, root.chapter)
            function words(time: string, chapter: string): string { return chapter ? time + "  ·  " + chapter : time }
            elide: Text.ElideRight
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
            root.hovered(root.fractionAt(event.x))
            if (pressed)
                root.scrubbed(root.fractionAt(event.x))
        }
        onContainsMouseChanged: root.hovered(containsMouse ? root.fractionAt(mouseX) : -1)
        onReleased: event => root.seeked(root.fractionAt(event.x))
    }
}
