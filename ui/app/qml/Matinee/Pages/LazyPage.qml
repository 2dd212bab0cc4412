import QtQuick

// A page that is made when it is first shown, and stays: the window is there sooner, and few evenings see all pages.
Loader {
    id: root

    function enter() {
        active = true
        if (item.enter)
            item.enter()
        else
            item.forceActiveFocus(Qt.OtherFocusReason)
    }

    active: false
    onVisibleChanged: if (visible) active = true
}
