import QtQuick
import Matinee.Theme

// What an icon without words does, beside it while it is pointed at or has the focus.
Rectangle {
    id: root

    property Item target
    property string text
    property bool pointed: false
    property bool focused: false
    readonly property bool wanted: pointed || focused && Theme.pointedTip === null // two would lie over each other
    property bool shown: false
    property real shift: 0
    property bool above: false

    // Inside of the window, and of a list that would cut it off.
    function place() {
        const window = target.Window.window
        if (!window)
            return
        let seen = Qt.rect(0, 0, window.width, window.height)
        for (let item = target.parent; item; item = item.parent) {
            if (item.clip) {
                const corner = item.mapToItem(null, 0, 0)
                const from = Qt.point(Math.max(seen.left, corner.x), Math.max(seen.top, corner.y))
                seen = Qt.rect(from.x, from.y, Math.min(seen.right, corner.x + item.width) - from.x,
                               Math.min(seen.bottom, corner.y + item.height) - from.y)
            }
        }
        const at = target.mapToItem(null, 0, 0)
        above = at.y + target.height / 2 > seen.y + seen.height / 2
        const left = at.x + (target.width - width) / 2
        shift = Math.max(seen.left + Theme.tight, Math.min(seen.right - width - Theme.tight, left)) - left
    }

    objectName: "tooltip"
    visible: opacity > 0
    opacity: shown ? 1 : 0
    width: Math.ceil(words.implicitWidth) + 2 * Theme.px(10)
    height: Math.ceil(words.implicitHeight) + Theme.px(10)
    x: (target.width - width) / 2 + shift
    y: above ? -height - Theme.px(8) : target.height + Theme.px(8)
    radius: Theme.radiusSmall
    color: Theme.panel
    border.width: 1
    border.color: Theme.line
    Behavior on opacity { NumberAnimation { duration: Theme.quick } }
    onPointedChanged: {
        if (pointed && text)
            Theme.pointedTip = root
        else if (Theme.pointedTip === root)
            Theme.pointedTip = null
    }
    Component.onDestruction: if (Theme.pointedTip === root) Theme.pointedTip = null
    onWantedChanged: {
        shown = false
        wanted && text ? wait.restart() : wait.stop()
    }

    Timer {
        id: wait
        interval: Theme.tooltipWaits
        onTriggered: {
            root.place()
            root.shown = true
        }
    }
    Label {
        id: words
        anchors.centerIn: parent
        text: root.text
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
}
