import QtQuick
import Matinee.Theme

// A picture that fills its place and is cropped away from its focal point. If something covers the top of the place,
// the picture moves down and fades in, so that the focal point (a head) stays visible.
Item {
    id: root

    property string source
    property real focalX: 0.5
    property real focalY: 0.4
    property real covered: 0 // of the top
    readonly property real around: 0.3 // of the picture's height, above the point: a head over a body
    readonly property bool ready: picture.status === Image.Ready
    readonly property real aspect: ready ? picture.implicitWidth / picture.implicitHeight : 16 / 9
    readonly property bool wide: aspect * height > width // cut off at the sides

    function kept(focal: real, whole: real, room: real): real {
        return -Math.max(0, Math.min(whole - room, focal * whole - room / 2))
    }

    clip: true

    Image {
        id: picture
        width: root.wide ? root.height * root.aspect : root.width
        height: root.wide ? root.height : root.width / root.aspect
        x: root.kept(root.focalX, width, root.width)
        y: {
            const seen = root.kept(root.focalY, height, root.height)
            return Math.max(seen, root.covered - Math.max(0, root.focalY - root.around) * height)
        }
        source: root.source
        sourceSize.width: Math.round(Math.max(root.width, root.height * 16 / 9))
        asynchronous: true
        opacity: root.ready ? 1 : 0
        Behavior on opacity { NumberAnimation { duration: Theme.heroFades } }
        Accessible.ignored: true
    }
    Rectangle {
        y: picture.y
        width: root.width
        height: Math.max(0, picture.y) * 2
        gradient: Gradient {
            GradientStop { position: 0; color: Theme.background }
            GradientStop { position: 1; color: Theme.veil }
        }
    }
}
