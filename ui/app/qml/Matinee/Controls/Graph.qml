import QtQuick
import Matinee.Theme

// One quantity over the last two minutes, with its name, its newest value and the top of its scale.
Item {
    id: root

    property string name
    property string value
    property string scaleTop
    property var points: [] // x0, y0, x1, y1... in 0..1; y below 0 is a gap
    property color color: Theme.accent
    property bool stepped: false

    implicitHeight: Theme.px(72)
    Accessible.role: Accessible.Graphic
    Accessible.name: name + ": " + value

    Label {
        id: caption
        text: root.name
        color: Theme.muted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
    // Beside the name, and not in the picture: a line of any colour may run there.
    Label {
        anchors { left: caption.right; leftMargin: Theme.tight; baseline: caption.baseline }
        text: root.scaleTop ? qsTr("up to %1").arg(root.scaleTop) : ""
        color: Theme.faint
        font.pixelSize: Theme.type(11)
        Accessible.ignored: true
    }
    Label {
        anchors.right: parent.right
        text: root.value
        color: root.color
        font.pixelSize: Theme.small
        font.weight: Font.DemiBold
        Accessible.ignored: true
    }
    Rectangle {
        id: frame
        anchors { left: parent.left; right: parent.right; top: caption.bottom; bottom: parent.bottom; topMargin: Theme.tiny }
        color: Theme.glowFaint
        radius: Theme.px(3)
        Canvas {
            id: canvas
            anchors.fill: parent
            renderStrategy: Canvas.Immediate
            readonly property var points: root.points
            onPointsChanged: if (visible) requestPaint()
            onVisibleChanged: requestPaint()
            onPaint: {
                const brush = getContext("2d")
                brush.reset()
                const inset = 2
                const toX = x => x * width
                const toY = y => height - inset - y * (height - 2 * inset)
                brush.lineWidth = Math.max(1.5, Theme.scale * 1.5)
                brush.strokeStyle = root.color
                brush.fillStyle = Qt.alpha(root.color, 0.16)
                let i = 0
                while (i + 1 < points.length) {
                    while (i + 1 < points.length && points[i + 1] < 0)
                        i += 2
                    const first = i
                    brush.beginPath()
                    for (; i + 1 < points.length && points[i + 1] >= 0; i += 2) {
                        if (i === first)
                            brush.moveTo(toX(points[i]), toY(points[i + 1]))
                        else {
                            if (root.stepped)
                                brush.lineTo(toX(points[i]), toY(points[i - 1]))
                            brush.lineTo(toX(points[i]), toY(points[i + 1]))
                        }
                    }
                    if (i > first + 2) {
                        brush.stroke()
                        brush.lineTo(toX(points[i - 2]), height)
                        brush.lineTo(toX(points[first]), height)
                        brush.fill()
                    }
                }
            }
        }
    }
}
