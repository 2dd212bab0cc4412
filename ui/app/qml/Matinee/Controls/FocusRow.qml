import QtQuick
import Matinee.Theme

// Controls side by side: Left and Right walk over them, and the row remembers where it was.
FocusScope {
    id: root

    default property alias content: row.data
    property alias spacing: row.spacing

    signal beyondBegin()
    signal beyondEnd()

    implicitWidth: row.implicitWidth
    implicitHeight: row.implicitHeight

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

    Row {
        id: row
        spacing: Theme.tight
    }
}
