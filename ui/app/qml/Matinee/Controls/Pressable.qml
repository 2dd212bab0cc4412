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
    readonly property bool focusable: true
    readonly property bool hovered: mouse.containsMouse
    readonly property bool held: mouse.pressed

    signal pressed()

    activeFocusOnTab: true
    Accessible.role: Accessible.Button
    Accessible.name: name
    Accessible.description: description
    Accessible.focusable: true
    Accessible.focused: activeFocus
    Accessible.onPressAction: root.pressed()
    // A key that is held is pressed once: what it has led to must not take it for its own.
    Keys.onReturnPressed: event => { if (!byRelease && !event.isAutoRepeat) root.pressed() }
    Keys.onEnterPressed: event => { if (!byRelease && !event.isAutoRepeat) root.pressed() }
    Keys.onSpacePressed: event => { if (!event.isAutoRepeat) root.pressed() }
    Keys.onSelectPressed: event => { if (!byRelease && !event.isAutoRepeat) root.pressed() }

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

    FocusRing { target: root; corner: root.corner; shown: root.ringed && root.activeFocus }
}
