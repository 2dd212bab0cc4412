import QtQuick
import Matinee.Theme

// One sentence on what is being done about a trouble.
Rectangle {
    id: root

    property string text
    property string icon: "info"

    visible: text
    onVisibleChanged: if (visible) fadesIn.restart() // also what stood there before
    implicitWidth: Math.min(words.implicitWidth + Theme.px(58), parent ? parent.width - 2 * Theme.margin : words.implicitWidth)
    implicitHeight: Theme.px(38)
    radius: height / 2
    color: Theme.panel
    border.width: 1
    border.color: Theme.line
    Accessible.role: Accessible.AlertMessage
    Accessible.name: text

    FadeIn {
        id: fadesIn
        target: root
    }
    Icon {
        id: picture
        anchors { left: parent.left; leftMargin: Theme.px(14) }
        anchors.verticalCenter: parent.verticalCenter
        name: root.icon
        color: Theme.accent
        size: Theme.px(18)
    }
    Label {
        id: words
        anchors { left: picture.right; leftMargin: Theme.tight; right: parent.right; rightMargin: Theme.px(18) }
        anchors.verticalCenter: parent.verticalCenter
        text: root.text
        Accessible.ignored: true
    }
}
