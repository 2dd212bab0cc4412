import QtQuick
import Matinee.Theme

// Controls side by side: Left and Right walk over them, and the row remembers where it was.
FocusScope {
    id: root

    default property alias content: row.data
    property alias spacing: row.spacing

    implicitWidth: row.implicitWidth
    implicitHeight: row.implicitHeight

    function stops(): list<Item> {
        return Array.from(row.children).filter(child => child.visible && child.enabled && child.focusable === true)
    }

    function move(step: int) {
        const all = stops()
        const now = all.findIndex(child => child.activeFocus)
        const next = Math.max(0, Math.min(all.length - 1, now + step))
        if (all.length > 0)
            all[next].forceActiveFocus(Qt.OtherFocusReason)
    }

    // The remembered control may have become disabled meanwhile.
    function enter() {
        root.forceActiveFocus(Qt.OtherFocusReason)
        if (!stops().some(child => child.activeFocus))
            move(0)
    }

    Keys.onLeftPressed: move(Qt.application.layoutDirection === Qt.RightToLeft ? 1 : -1)
    Keys.onRightPressed: move(Qt.application.layoutDirection === Qt.RightToLeft ? -1 : 1)

    Row {
        id: row
        spacing: Theme.tight
    }
}
