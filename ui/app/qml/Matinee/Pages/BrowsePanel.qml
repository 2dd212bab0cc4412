import QtQuick
import Matinee.Theme
import Matinee.Controls

// Files of this computer: what was opened last, then a folder at a time. Enter opens, Back leads up and out.
FocusScope {
    id: root

    required property QtObject files
    readonly property QtObject browser: files.browser

    signal closed()

    visible: false
    enabled: visible
    Accessible.role: Accessible.Dialog
    Accessible.name: menu.heading

    function open() {
        files.browse()
        visible = true
        menu.fit()
        menu.open()
    }
    function close() {
        visible = false
        closed()
    }
    Keys.onPressed: event => event.accepted = true // nothing reaches the page behind

    Connections {
        target: root.browser
        enabled: root.visible
        function onChanged() { menu.fit() }
        function onEntered(row: int) { menu.openAt(row) }
    }
    Rectangle {
        anchors.fill: parent
        color: Theme.scrim
        MouseArea {
            anchors.fill: parent
            hoverEnabled: true
            onClicked: root.close()
            onWheel: event => event.accepted = true
        }
    }
    OptionMenu {
        id: menu
        objectName: "browseMenu"
        anchors.centerIn: parent
        named: true
        heading: root.browser.heading
        model: root.browser.options
        onClosed: if (!root.browser.back()) root.close()
        onChosen: key => {
            if (!root.browser.choose(key))
                root.close()
        }
    }
}
