pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// All keys as they are now, over whatever is shown. Up and Down scroll, any other key closes.
FocusScope {
    id: root

    required property QtObject keys
    readonly property int columns: width > Theme.px(1040) ? 3 : width > Theme.px(700) ? 2 : 1

    signal closed()

    visible: false
    enabled: visible
    Accessible.role: Accessible.Dialog
    Accessible.name: qsTr("Keys")

    function toggle() { visible ? close() : open() }
    function open() {
        visible = true
        flick.contentY = 0
        forceActiveFocus(Qt.PopupFocusReason)
    }
    function close() {
        visible = false
        closed()
    }
    // The sections in so many columns, each where there is the most room.
    function spread(sections: var): var {
        const found = Array.from({ length: columns }, () => ({ height: 0, sections: [] }))
        for (const section of sections) {
            const shortest = found.reduce((least, one) => one.height < least.height ? one : least)
            shortest.sections.push(section)
            shortest.height += section.lines.length + 2
        }
        return found.map(one => one.sections)
    }

    Keys.onPressed: event => {
        event.accepted = true // nothing reaches what is behind
        const step = event.key === Qt.Key_Down ? 1 : event.key === Qt.Key_Up ? -1
                   : event.key === Qt.Key_PageDown ? 6 : event.key === Qt.Key_PageUp ? -6 : 0
        if (step)
            flick.contentY = Math.max(0, Math.min(flick.contentHeight - flick.height, flick.contentY + step * Theme.px(60)))
        else if (![Qt.Key_Shift, Qt.Key_Control, Qt.Key_Alt, Qt.Key_Meta, Qt.Key_AltGr].includes(event.key))
            close()
    }

    Rectangle {
        anchors.fill: parent
        color: Theme.shadeDeep
        MouseArea {
            anchors.fill: parent
            hoverEnabled: true
            onClicked: root.close()
            onWheel: event => event.accepted = true
        }
    }
    Rectangle {
        anchors { fill: parent; margins: Theme.wide }
        radius: Theme.px(12)
        color: Theme.surface
        border.width: 1
        border.color: Theme.line
        Label {
            id: heading
            anchors { left: parent.left; top: parent.top; leftMargin: Theme.px(28); topMargin: Theme.px(20) }
            text: qsTr("Keys")
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        Label {
            anchors { right: parent.right; rightMargin: Theme.px(28); baseline: heading.baseline }
            text: qsTr("The settings change them.")
            color: Theme.muted
            font.pixelSize: Theme.small
        }
        ScrollMark {
            anchors { right: parent.right; rightMargin: Theme.tight }
            view: flick
        }
        Flickable {
            id: flick
            objectName: "keysFlick"
            anchors { left: parent.left; right: parent.right; top: heading.bottom; bottom: parent.bottom }
            anchors { leftMargin: Theme.px(28); rightMargin: Theme.px(28); topMargin: Theme.gap; bottomMargin: Theme.px(20) }
            clip: true
            contentHeight: spreadRow.height
            boundsBehavior: Flickable.StopAtBounds
            MouseArea { // what can be scrolled takes each click for itself
                width: flick.width
                height: Math.max(flick.height, flick.contentHeight)
                onClicked: root.close()
            }
            Row {
                id: spreadRow
                spacing: Theme.px(36)
                Repeater {
                    model: root.visible ? root.spread(root.keys.shownSections) : []
                    delegate: Column {
                        id: column
                        required property var modelData
                        width: (flick.width - (root.columns - 1) * spreadRow.spacing) / root.columns
                        spacing: Theme.gap
                        Repeater {
                            model: column.modelData
                            delegate: Column {
                                id: section
                                required property var modelData
                                width: column.width
                                spacing: Theme.px(2)
                                Label {
                                    text: section.modelData.label
                                    color: Theme.accent
                                    font.pixelSize: Theme.small
                                    font.weight: Font.DemiBold
                                    Accessible.role: Accessible.Heading
                                }
                                Repeater {
                                    model: section.modelData.lines
                                    delegate: Item {
                                        id: line
                                        required property var modelData
                                        width: section.width
                                        height: Math.max(words.implicitHeight, held.implicitHeight)
                                        Label {
                                            id: words
                                            anchors { left: parent.left; right: held.left; rightMargin: Theme.gap }
                                            text: line.modelData.sentence
                                            wrapMode: Text.Wrap
                                            font.pixelSize: Theme.small
                                            Accessible.name: text + ": " + held.text
                                        }
                                        Label {
                                            id: held
                                            anchors.right: parent.right
                                            width: Math.min(implicitWidth, line.width * 0.5)
                                            horizontalAlignment: Text.AlignRight
                                            wrapMode: Text.Wrap
                                            text: line.modelData.keys || "–"
                                            color: line.modelData.changed ? Theme.accent : Theme.muted
                                            font.pixelSize: Theme.small
                                            font.weight: Font.DemiBold
                                            Accessible.ignored: true
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
