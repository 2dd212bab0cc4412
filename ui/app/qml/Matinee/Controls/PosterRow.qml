pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme

// Titles side by side under a heading. It remembers which of them had the focus.
FocusScope {
    id: root

    property string heading
    property alias model: list.model
    readonly property alias count: list.count
    property string prefix // of the object names
    property bool withRemaining: false // say how much is left, not what it is

    property bool ranked: false // the order counts
    property int topPadding: 0

    signal titleChosen(string titleId)
    signal menuWanted(Item card, string titleId)

    implicitHeight: title.height + Theme.gap + list.height + Theme.wide

    Label {
        id: title
        anchors { left: parent.left; leftMargin: Theme.margin }
        y: root.topPadding
        text: root.heading
        font.pixelSize: Theme.heading
        font.weight: Font.DemiBold
        Accessible.role: Accessible.Heading
    }
    ListView {
        id: list
        anchors { top: title.bottom; topMargin: Theme.gap }
        width: root.width
        height: Theme.posterWidth / Theme.posterAspect + Theme.px(56)
        focus: true
        orientation: ListView.Horizontal
        spacing: Theme.gap
        leftMargin: Theme.margin
        rightMargin: Theme.margin
        reuseItems: true
        cacheBuffer: 400
        boundsBehavior: Flickable.StopAtBounds
        highlightMoveDuration: Theme.calm
        highlightMoveVelocity: -1
        highlightRangeMode: ListView.ApplyRange
        preferredHighlightBegin: Theme.margin
        preferredHighlightEnd: width - Theme.margin - Theme.posterWidth
        Accessible.role: Accessible.List
        Accessible.name: root.heading
        // The focus may be here before there is a title to have it.
        onCurrentItemChanged: if (activeFocus) currentItem?.forceActiveFocus(Qt.OtherFocusReason)
        Keys.priority: Keys.AfterItem
        Keys.onLeftPressed: event => event.accepted = true
        Keys.onRightPressed: event => event.accepted = true
        delegate: FocusScope {
            id: cell

            required property int index
            required property string titleId
            required property string name
            required property string facts
            required property string remaining
            required property string poster
            required property real progress
            required property string badge

            width: Theme.posterWidth
            height: ListView.view.height
            visible: index >= 0 // one that waits for its next title is no stop
            z: activeFocus ? 1 : 0 // above its neighbours' corners
            PosterCard {
                objectName: root.prefix + cell.index
                focus: true
                titleId: cell.titleId
                text: cell.name
                name: cell.name
                facts: root.withRemaining ? cell.remaining : cell.facts
                poster: cell.poster
                progress: cell.progress
                badge: cell.badge
                rank: root.ranked ? cell.index + 1 : 0
                onMenuWanted: {
                    list.currentIndex = cell.index
                    root.menuWanted(this, cell.titleId)
                }
                onPressed: {
                    list.currentIndex = cell.index
                    root.titleChosen(cell.titleId)
                }
            }
        }
    }
}
