pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// Live graphs of the playback, and why the rate adaptation decided as it did.
Rectangle {
    id: root

    required property QtObject statistics

    readonly property var colours: [Theme.good, Theme.cool, Theme.accent]

    width: Theme.px(372)
    height: column.implicitHeight + 2 * Theme.gap
    radius: Theme.radius
    color: Theme.panel
    border.width: 1
    border.color: Theme.line
    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Statistics")

    Column {
        id: column
        x: Theme.gap
        y: Theme.gap
        width: parent.width - 2 * Theme.gap
        spacing: Theme.px(8)

        Repeater {
            model: root.statistics.graphs
            Graph {
                required property int index
                required property QtObject modelData
                objectName: "graph_" + index
                width: column.width
                name: modelData.name
                value: modelData.value
                scaleTop: modelData.top
                points: modelData.points
                stepped: index === 2
                visible: index === 0 || !root.statistics.ofFile
                color: root.colours[index]
            }
        }
        Column {
            width: parent.width
            spacing: Theme.tiny
            Repeater {
                model: root.statistics.facts
                Item {
                    id: fact
                    required property string name
                    required property string value
                    required property bool bad
                    width: column.width
                    height: what.implicitHeight
                    Label {
                        id: what
                        text: fact.name
                        color: Theme.muted
                        font.pixelSize: Theme.small
                    }
                    Label {
                        anchors.right: parent.right
                        text: fact.value
                        color: fact.bad ? Theme.danger : Theme.text
                        font.pixelSize: Theme.small
                    }
                }
            }
        }
        Flow {
            objectName: "startParts"
            width: parent.width
            spacing: Theme.px(4)
            Repeater {
                model: root.statistics.start
                Label {
                    required property string name
                    required property string value
                    required property bool bad
                    text: name + " " + value
                    color: bad ? Theme.danger : Theme.faint
                    font.pixelSize: Theme.type(11)
                }
            }
        }
        Rectangle {
            width: parent.width
            height: 1
            color: Theme.line
            visible: root.statistics.decision
        }
        Label {
            objectName: "decision"
            width: parent.width
            wrapMode: Text.Wrap
            maximumLineCount: 4
            text: root.statistics.decision
            font.pixelSize: Theme.small
            lineHeight: 1.15
            visible: text
        }
        Label {
            width: parent.width
            text: root.statistics.reason
            color: Theme.faint
            font.pixelSize: Theme.type(11)
            visible: text
        }
    }
}
