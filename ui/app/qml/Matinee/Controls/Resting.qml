pragma Singleton
import QtQuick

// The card that the viewer stays on: the last one to get the focus or the mouse, else the focused one.
QtObject {
    property Item card
    property Item focused

    function focusOn(item: Item) {
        focused = item
        card = item
    }
    function hover(item: Item) { card = item }
    function leave(item: Item) {
        if (focused === item)
            focused = null
        if (card === item)
            card = focused
    }
    function unhover(item: Item) {
        if (card === item && focused !== item)
            card = focused
    }
}
