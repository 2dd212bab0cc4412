import QtQuick
import Matinee.Theme

// A page that has nothing to show says why, and what can be done.
FocusScope {
    id: root

    property string icon: "info"
    property string heading
    property string sentence
    property var lines: [] // what the sentence is about
    property string detail // what has been done, and what can be
    property string code
    property bool compact: false // in a small window: what it is and what can be done
    default property alias actions: row.content
    property real shown: 1 // what it says

    function enterFirst() { row.enterFirst() }

    // A second refusal reads as the first: whoever tries again sees that it is another.
    Component.onCompleted: {
        for (const action of row.content)
            action.pressed?.connect(() => fadesIn.restart())
    }
    FadeIn {
        id: fadesIn
        target: root
        property: "shown"
    }

    implicitWidth: Theme.px(560)
    implicitHeight: column.implicitHeight

    Column {
        id: column
        anchors.horizontalCenter: parent.horizontalCenter
        width: Math.min(parent.width, Theme.px(560))
        spacing: Theme.gap

        Rectangle {
            anchors.horizontalCenter: parent.horizontalCenter
            width: Theme.px(88)
            height: width
            radius: width / 2
            color: Theme.raised
            opacity: root.shown
            visible: !root.compact
            Icon {
                anchors.centerIn: parent
                name: root.icon
                color: Theme.accent
                size: Theme.px(38)
            }
        }
        Label {
            width: parent.width
            topPadding: Theme.tight
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            text: root.heading
            opacity: root.shown
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        Label {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            maximumLineCount: root.compact ? 2 : 5
            text: root.sentence
            opacity: root.shown
            color: Theme.muted
            font.pixelSize: Theme.larger
            lineHeight: 1.2
            visible: text
            Accessible.role: Accessible.AlertMessage
        }
        Column {
            anchors.horizontalCenter: parent.horizontalCenter
            spacing: Theme.tiny
            visible: root.lines.length > 0 && !root.compact
            Repeater {
                model: root.lines
                Label {
                    required property string modelData
                    width: column.width
                    horizontalAlignment: Text.AlignHCenter
                    text: modelData
                    font.weight: Font.DemiBold
                }
            }
        }
        Label {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            text: root.detail
            color: Theme.soft
            lineHeight: 1.2
            visible: text && !root.compact
        }
        Label {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            text: root.code
            color: Theme.faint
            font.pixelSize: Theme.small
            visible: text && !root.compact
        }
        Item { width: 1; height: Theme.tight }
        FocusRow {
            id: row
            anchors.horizontalCenter: parent.horizontalCenter
            spacing: Theme.gap
            focus: true
        }
    }
}
