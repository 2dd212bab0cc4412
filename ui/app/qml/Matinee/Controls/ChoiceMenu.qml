import QtQuick
import Matinee.Theme

// An OptionMenu over a page, at the control that opened it, which gets the focus back.
Item {
    id: root

    property alias heading: menu.heading
    property alias model: menu.model
    property Item opener
    property point corner // where the menu's upper outer one is wanted; it stays on the page

    signal chosen(string key)
    signal closed()

    visible: false
    enabled: visible

    function openAt(item: Item) {
        corner = item.mapToItem(root.parent, LayoutMirroring.enabled ? 0 : item.width, item.height + Theme.tiny)
        opener = item
        menu.fit()
        visible = true
        menu.open()
    }
    // At an item whose key is held still.
    function openHeld(item: Item) {
        openAt(item)
        menu.hush()
    }
    function close() {
        visible = false
        opener?.forceActiveFocus(Qt.PopupFocusReason)
        closed()
    }

    MouseArea {
        anchors.fill: parent
        onClicked: root.close()
        onWheel: event => event.accepted = true
    }
    OptionMenu {
        id: menu
        objectName: "choices"
        x: LayoutMirroring.enabled
           ? Math.min(root.width - Theme.wide - width, Math.max(root.corner.x, Theme.wide))
           : Math.max(Theme.wide, Math.min(root.corner.x, root.width - Theme.wide) - width)
        y: Math.max(Theme.wide, Math.min(root.corner.y, root.height - height - Theme.wide))
        onClosed: root.close()
        onChosen: key => {
            root.close()
            root.chosen(key)
        }
    }
}
