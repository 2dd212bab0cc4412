pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// What this installation is made of and what is missing, as “matinee doctor” finds it. Up and Down scroll.
FocusScope {
    id: root

    required property QtObject settings

    Keys.onUpPressed: list.scroll(-1)
    Keys.onDownPressed: list.scroll(1)

    ActionButton {
        id: again
        anchors.left: parent.left
        objectName: "examineAgain"
        text: qsTr("Refresh")
        icon: "retry"
        focus: true
        onPressed: {
            root.settings.examine()
            fadesIn.restart() // what is found may be what was found before
        }
    }
    Label {
        anchors { left: again.right; leftMargin: Theme.gap; right: parent.right; verticalCenter: again.verticalCenter }
        text: root.settings.partsMessage
        color: Theme.muted
    }
    FadeIn {
        id: fadesIn
        target: list
    }
    ListView {
        id: list
        objectName: "parts"

        function scroll(step: int) {
            const lowest = Math.max(0, contentHeight - height)
            contentY = Math.max(0, Math.min(lowest, contentY + step * Theme.px(80)))
        }

        anchors { top: again.bottom; topMargin: Theme.gap; left: parent.left; right: parent.right; bottom: parent.bottom }
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        spacing: Theme.tight
        model: root.settings.parts
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Parts of this installation")
        delegate: Item {
            id: part

            required property string name
            required property bool present
            required property string detail
            required property string remedy

            width: ListView.view.width
            height: words.implicitHeight + Theme.tight
            Accessible.role: Accessible.ListItem
            Accessible.name: (present ? qsTr("%1 is here: %2") : qsTr("%1 is missing: %2")).arg(name).arg(detail)
            Icon {
                id: mark
                anchors.left: parent.left
                y: Theme.tiny
                name: part.present ? "check" : "warning"
                color: part.present ? Theme.good : Theme.accent
                size: Theme.px(18)
            }
            Column {
                id: words
                anchors { left: mark.right; leftMargin: Theme.gap; right: parent.right }
                spacing: Theme.tiny
                Label { width: parent.width; text: part.name; font.weight: Font.DemiBold; Accessible.ignored: true }
                Label {
                    width: parent.width
                    text: part.present || !part.remedy ? part.detail : part.detail + " " + part.remedy
                    wrapMode: Text.Wrap
                    color: Theme.muted
                    font.pixelSize: Theme.small
                    Accessible.ignored: true
                }
            }
        }
    }
}
