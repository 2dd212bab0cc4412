import QtQuick
import Matinee.Theme

// Anything that can be pressed by mouse, Enter or Space, or a screen reader.
Item {
    id: root

    property string name // what a screen reader says
    property string description
    property real corner: Theme.radius
    property bool ringed: true
    property bool byRelease: false // keys count when they are let go: one that is held may mean something else
    readonly property bool inside: ListView.view !== null && ListView.view.clip // a list would cut a ring around it
    readonly property bool focusable: true
    readonly property bool hovered: mouse.containsMouse
    readonly property bool held: mouse.pressed

    signal pressed()
    signal repeated() // a key is still held

    activeFocusOnTab: true
    Accessible.role: Accessible.Button
    Accessible.name: name
    Accessible.description: description
    Accessible.focusable: true
    Accessible.focused: activeFocus
    Accessible.onPressAction: root.pressed()
    // A key that is held is pressed once: what it has led to must not take it for its own.
    function keyDown(event: KeyEvent, counts: bool) {
        if (event.isAutoRepeat)
            repeated()
        else if (counts)
            pressed()
    }
    Keys.onReturnPressed: event => keyDown(event, !byRelease)
    Keys.onEnterPressed: event => keyDown(event, !byRelease)
    Keys.onSpacePressed: event => keyDown(event, true)
    Keys.onSelectPressed: event => keyDown(event, !byRelease)

    MouseArea {
        id: mouse
        anchors.fill: parent
        hoverEnabled: true
        cursorShape: Qt.PointingHandCursor
        onClicked: {
            root.forceActiveFocus(Qt.MouseFocusReason)
            root.pressed()
        }
    }

    FocusRing { target: root; inside: root.inside; corner: root.corner; shown: root.ringed && root.activeFocus }
}
