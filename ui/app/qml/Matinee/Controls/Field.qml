import QtQuick
import Matinee.Theme

// One line of text to fill in; across a room by the keyboard on the screen, which Enter brings.
FocusScope {
    id: root

    property string label
    property string placeholder
    property alias text: input.text
    property alias echoMode: input.echoMode
    property alias inputMethodHints: input.inputMethodHints
    readonly property bool focusable: true

    signal accepted()

    // Take the focus; what is typed next replaces what is there.
    function retype() {
        input.forceActiveFocus(Qt.OtherFocusReason)
        input.selectAll()
    }

    function openKeys() {
        keyboard.active = true
        keyboard.item.enter()
    }
    function closeKeys() {
        keyboard.active = false
        input.forceActiveFocus(Qt.PopupFocusReason)
    }
    function bringKeys(event: KeyEvent) {
        event.accepted = Theme.remote
        if (Theme.remote)
            openKeys()
    }

    onVisibleChanged: if (!visible && keyboard.active) closeKeys() // something else has closed its form
    implicitWidth: Theme.px(340)
    implicitHeight: caption.height + Theme.px(10) + Theme.px(46)
    opacity: enabled ? 1 : 0.6

    Label {
        id: caption
        anchors.left: parent.left
        text: root.label
        color: Theme.muted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
    Rectangle {
        id: box
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
        height: Theme.px(46)
        radius: Theme.radius
        color: Theme.raised
        border.width: 1
        border.color: area.containsMouse ? Theme.faint : Theme.line
        FocusRing { target: box; shown: input.activeFocus }
    }
    MouseArea {
        id: area
        anchors.fill: box
        hoverEnabled: true
        cursorShape: Qt.IBeamCursor
        onPressed: mouse => {
            input.forceActiveFocus(Qt.MouseFocusReason)
            mouse.accepted = false
        }
    }
    TextInput {
        id: input
        anchors { fill: box; leftMargin: Theme.px(14); rightMargin: Theme.px(14) }
        focus: true
        activeFocusOnTab: true
        verticalAlignment: TextInput.AlignVCenter
        color: Theme.text
        selectionColor: Theme.accent
        selectedTextColor: Theme.accentDark
        selectByMouse: true
        clip: true
        font.family: Theme.family
        font.pixelSize: Theme.larger
        Accessible.role: Accessible.EditableText
        Accessible.name: root.label
        // Qt keeps back the name of a password field, but not its description.
        Accessible.description: root.echoMode === TextInput.Password ? root.label : ""
        Accessible.focusable: true
        Accessible.passwordEdit: root.echoMode === TextInput.Password
        onAccepted: root.accepted()
        Keys.onReturnPressed: event => root.bringKeys(event)
        Keys.onEnterPressed: event => root.bringKeys(event)
        Keys.onSelectPressed: event => root.bringKeys(event)
    }
    // A remote that points presses no Enter.
    MouseArea {
        anchors.fill: box
        enabled: Theme.remote
        onClicked: {
            input.forceActiveFocus(Qt.MouseFocusReason)
            root.openKeys()
        }
    }
    Loader {
        id: keyboard
        parent: root.Window.contentItem
        anchors.fill: parent
        z: 1 // above all pages
        active: false
        onFocusChanged: if (!focus) active = false // another page has come meanwhile
        sourceComponent: KeyboardPanel {
            readonly property bool address: root.inputMethodHints & Qt.ImhUrlCharactersOnly

            objectName: "keyboardPanel"
            focus: true
            label: root.label
            typed: root.text || (address ? root.placeholder : "")
            often: address ? ".:/-" : root.inputMethodHints & Qt.ImhEmailCharactersOnly ? "@.-_" : ""
            secret: root.echoMode === TextInput.Password
            digits: root.inputMethodHints & (Qt.ImhDigitsOnly | Qt.ImhTime)
            time: root.inputMethodHints & Qt.ImhTime
            onDone: text => {
                root.text = text
                root.closeKeys()
            }
            onCancelled: root.closeKeys()
        }
    }
    Label {
        anchors.fill: input
        verticalAlignment: Text.AlignVCenter
        text: root.placeholder
        color: Theme.faint
        visible: !input.text
        font.pixelSize: Theme.larger
        Accessible.ignored: true
    }
}
