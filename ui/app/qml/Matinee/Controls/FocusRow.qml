import QtQuick
import Matinee.Theme

// Controls side by side: Left and Right walk over them, and the row remembers where it was. One that is wider than its
// place moves under it: what has the focus is in sight, and the wheel shows the rest.
FocusScope {
    id: root

    default property alias content: row.data
    property alias spacing: row.spacing

    property real inset: 0 // around them, for the ring where the row is cut
    readonly property real place: width - 2 * inset
    readonly property real beyond: row.width - place // above 0: they do not fit
    readonly property Item current: Array.from(row.children).find(child => child.activeFocus) ?? null
    property Item seen // is in sight
    onCurrentChanged: if (current) seen = current

    signal beyondBegin()
    signal beyondEnd()

    implicitWidth: row.implicitWidth + 2 * inset
    implicitHeight: row.implicitHeight + 2 * inset

    function stops(): list<Item> {
        return Array.from(row.children).filter(child => child.visible && child.enabled && child.focusable === true)
    }

    function move(step: int) {
        const all = stops()
        const now = all.findIndex(child => child.activeFocus)
        if (now + step < 0)
            beyondBegin()
        else if (now + step >= all.length)
            beyondEnd()
        else
            all[now + step].forceActiveFocus(Qt.OtherFocusReason)
    }
    function enterFirst() { stops()[0]?.forceActiveFocus(Qt.OtherFocusReason) }
    function enterLast() { stops().pop()?.forceActiveFocus(Qt.OtherFocusReason) }

    // The remembered control may have become disabled meanwhile.
    function enter() {
        root.forceActiveFocus(Qt.OtherFocusReason)
        if (!stops().some(child => child.activeFocus))
            enterFirst()
    }

    Keys.onLeftPressed: move(LayoutMirroring.enabled ? 1 : -1)
    Keys.onRightPressed: move(LayoutMirroring.enabled ? -1 : 1)

    function look(step: int) {
        const all = stops()
        seen = all[Math.max(0, Math.min(all.length - 1, all.indexOf(seen) + step))] ?? null
    }

    WheelHandler {
        enabled: root.beyond > 0
        onWheel: event => root.look((event.angleDelta.y > 0) === root.LayoutMirroring.enabled ? 1 : -1)
    }
    Row {
        id: row
        readonly property real begin: root.LayoutMirroring.enabled ? -root.beyond : 0
        readonly property real centred: root.seen?.visible ? root.place / 2 - root.seen.x - root.seen.width / 2 : begin
        x: root.inset + (root.beyond > 0 ? Math.max(-root.beyond, Math.min(0, centred)) : begin)
        y: root.inset
        spacing: Theme.tight
    }
}
