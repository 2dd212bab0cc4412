import QtQuick
import Matinee.Theme
import Matinee.Video
import Matinee.Controls

// A screen that plays by itself: the picture, a word while there is none, and the operator's panel. Nothing here
// can be left without the operator's code, and nothing waits for anybody.
Window {
    id: window

    required property QtObject app
    readonly property bool upright: app.degrees % 180 === 0

    width: 1280
    height: 720
    visible: true
    visibility: Window.FullScreen
    flags: Qt.Window | Qt.FramelessWindowHint
    title: app.name
    color: Theme.black
    onClosing: close => close.accepted = false

    Binding {
        target: Theme
        property: "scale"
        value: Math.max(0.6, Math.min(window.width, window.height) / 720)
    }

    Item {
        id: turned
        anchors.centerIn: parent
        width: window.upright ? window.width : window.height
        height: window.upright ? window.height : window.width
        rotation: window.app.degrees

        VideoSurface {
            objectName: "video"
            anchors.fill: parent
            opacity: window.app.place === "picture" ? 1 : 0
        }
        Column {
            objectName: "waiting"
            anchors.centerIn: parent
            spacing: Theme.wide
            visible: window.app.place === "waiting"
            Label {
                anchors.horizontalCenter: parent.horizontalCenter
                text: window.app.name
                font.pixelSize: Theme.hero
            }
            Spinner {
                anchors.horizontalCenter: parent.horizontalCenter
                size: Theme.px(36)
                color: Theme.muted
            }
        }
        Rectangle {
            objectName: "codePad"
            anchors.centerIn: parent
            width: Theme.px(420)
            height: code.implicitHeight + 2 * Theme.wide
            radius: Theme.radius
            color: Theme.panel
            visible: window.app.stage === "code"
            Column {
                id: code
                anchors.centerIn: parent
                spacing: Theme.wide
                Label {
                    anchors.horizontalCenter: parent.horizontalCenter
                    text: qsTr("Operator’s code, then Enter")
                }
                Label {
                    anchors.horizontalCenter: parent.horizontalCenter
                    text: window.app.digits ? "●".repeat(window.app.digits) : "–"
                    font.pixelSize: Theme.hero
                }
                Label {
                    anchors.horizontalCenter: parent.horizontalCenter
                    text: window.app.trouble || " "
                    color: Theme.danger
                }
            }
        }
        Rectangle {
            objectName: "panel"
            anchors.centerIn: parent
            width: Theme.px(620)
            height: panel.implicitHeight + 2 * Theme.wide
            radius: Theme.radius
            color: Theme.panel
            visible: window.app.stage === "panel"
            Column {
                id: panel
                anchors.centerIn: parent
                width: parent.width - 2 * Theme.wide
                spacing: Theme.px(10)
                Label { text: window.app.name; font.pixelSize: Theme.title }
                Repeater {
                    model: window.app.facts
                    Label {
                        required property string modelData
                        width: panel.width
                        text: modelData
                        color: Theme.muted
                        elide: Text.ElideRight
                    }
                }
                FocusRow {
                    id: actions
                    spacing: Theme.px(12)
                    ActionButton {
                        id: back
                        text: qsTr("Back to the picture")
                        primary: true
                        onPressed: window.app.dismiss()
                    }
                    ActionButton { text: qsTr("Restart"); onPressed: window.app.restart() }
                    ActionButton { text: qsTr("Leave the kiosk"); onPressed: window.app.leave() }
                }
            }
        }
        Item {
            id: keys
            focus: window.app.stage !== "panel"
            Keys.onPressed: event => {
                if (event.key === Qt.Key_Escape || event.key === Qt.Key_Back)
                    window.app.ask()
                else if (event.key === Qt.Key_Return || event.key === Qt.Key_Enter || event.key === Qt.Key_Select)
                    window.app.enter()
                else
                    window.app.typed(event.text)
                event.accepted = true
            }
        }
        Keys.onEscapePressed: window.app.dismiss()
    }
    MouseArea {
        anchors.fill: parent
        acceptedButtons: Qt.NoButton
        cursorShape: window.app.stage === "panel" ? Qt.ArrowCursor : Qt.BlankCursor
    }
    Connections {
        target: window.app
        function onChanged() {
            if (window.app.stage === "panel")
                back.forceActiveFocus(Qt.OtherFocusReason)
            else
                keys.forceActiveFocus(Qt.OtherFocusReason)
        }
    }
    Component.onCompleted: keys.forceActiveFocus(Qt.OtherFocusReason)
}
