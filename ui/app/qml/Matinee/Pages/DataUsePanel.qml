pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// What has come over the network: today, this month, the last thirty days.
Rectangle {
    id: root

    required property QtObject use

    implicitHeight: content.implicitHeight + 2 * Theme.gap
    radius: Theme.radius
    color: Theme.surface
    border.width: 1
    border.color: Theme.line

    Column {
        id: content
        anchors { left: parent.left; right: parent.right; top: parent.top; margins: Theme.gap }
        spacing: Theme.gap

        Item {
            width: parent.width
            height: figures.height
            Row {
                id: figures
                anchors.left: parent.left
                spacing: Theme.margin
                NamedValue { name: qsTr("Today"); value: root.use.today }
                NamedValue {
                    name: qsTr("This month")
                    value: root.use.limit ? qsTr("%1 of %2").arg(root.use.month).arg(root.use.limit) : root.use.month
                }
                NamedValue { name: qsTr("Network now"); value: root.use.network; visible: value }
            }
        }
        Rectangle {
            width: parent.width
            height: Theme.px(6)
            radius: height / 2
            color: Theme.track
            visible: root.use.limit
            Rectangle {
                anchors.left: parent.left
                width: parent.width * root.use.share
                height: parent.height
                radius: parent.radius
                color: root.use.share >= 1 ? Theme.danger : Theme.accent
            }
        }
        Item {
            width: parent.width
            height: Theme.px(72)
            Accessible.role: Accessible.Graphic
            Accessible.name: qsTr("The last thirty days")
            Row {
                id: bars
                anchors.fill: parent
                spacing: Theme.tiny
                Repeater {
                    model: root.use.days
                    delegate: Item {
                        required property real share
                        required property bool today
                        width: (bars.width - 29 * bars.spacing) / 30
                        height: bars.height
                        Rectangle {
                            anchors.bottom: parent.bottom
                            width: parent.width
                            height: Math.max(Theme.px(2), parent.height * parent.share)
                            radius: Theme.px(2)
                            color: parent.today ? Theme.accent : Theme.cool
                            opacity: parent.share > 0 ? 1 : 0.35
                        }
                    }
                }
            }
        }
        Flow {
            width: parent.width
            spacing: Theme.wide
            visible: kinds.count > 0
            Repeater {
                id: kinds
                model: root.use.kinds
                delegate: Label {
                    required property string name
                    required property string amount
                    text: name + "  " + amount
                    color: Theme.muted
                }
            }
        }
    }
}
