pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme

// A button with words; `primary` is the one thing a page wants done.
Pressable {
    id: root

    property string text
    property string icon
    property bool primary: false
    property bool busy: false
    readonly property color ink: primary ? Theme.accentDark : Theme.text

    name: text
    implicitWidth: row.implicitWidth + 2 * Theme.px(20)
    implicitHeight: Theme.control
    opacity: enabled ? 1 : 0.45

    Rectangle {
        anchors.fill: parent
        radius: root.corner
        color: root.primary ? (root.hovered ? Qt.lighter(Theme.accent, 1.1) : Theme.accent)
                            : (root.hovered ? Theme.raisedHover : Theme.raised)
        scale: root.held ? 0.98 : 1
    }
    Row {
        id: row
        anchors.centerIn: parent
        spacing: Theme.px(10)
        Icon {
            anchors.verticalCenter: parent.verticalCenter
            name: root.icon
            color: root.ink
            size: Theme.px(18)
            visible: root.icon && !root.busy
        }
        Loader {
            anchors.verticalCenter: parent.verticalCenter
            active: root.busy // few buttons ever are
            visible: active
            sourceComponent: Spinner {
                size: Theme.px(18)
                color: root.ink
            }
        }
        Label {
            anchors.verticalCenter: parent.verticalCenter
            text: root.text
            color: root.ink
            font.weight: Font.DemiBold
            Accessible.ignored: true
        }
    }
}
