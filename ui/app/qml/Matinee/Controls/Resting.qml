pragma Singleton
import QtQuick

// The card that the viewer rests on: the one that got the focus or the mouse last, else the one that has the focus.
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
