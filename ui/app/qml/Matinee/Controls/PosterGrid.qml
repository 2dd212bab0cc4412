pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme

// Titles in rows. Arrows walk over them; beyond the first row and column the page decides. Its width has a gap at the end.
GridView {
    id: root

    readonly property int columns: Math.max(1, Math.floor(width / (Theme.posterWidth + Theme.gap)))
    readonly property real highest: -topMargin
    readonly property alias scrolling: scroll.running
    readonly property real lowest: Math.max(highest, contentHeight + bottomMargin - height)
    property real roomAbove: 0 // above the row that has the focus, at least
    property string prefix: "title_" // of the object names

    signal titleChosen(string titleId)
    signal menuWanted(Item card, string titleId)
    signal passedUp()
    signal passedLeft() // to the side where the rows begin

    function scrollTo(y: real) {
        scroll.to = Math.max(highest, Math.min(lowest, y))
        scroll.restart()
    }
    function showCurrent() {
        const rowY = Math.floor(currentIndex / columns) * cellHeight
        scrollTo(rowY - Math.max(roomAbove, (height - cellHeight) / 2))
    }
    function go(step: int) {
        const next = currentIndex + step
        const last = count - 1
        if (step === 1 && currentIndex % columns === columns - 1)
            return
        if (next > last && Math.floor(currentIndex / columns) === Math.floor(last / columns))
            return
        currentIndex = Math.min(last, next)
    }

    function goBack() { currentIndex % columns === 0 ? passedLeft() : go(-1) }

    cellWidth: Math.floor(width / columns)
    cellHeight: Math.round((cellWidth - Theme.gap) / Theme.posterAspect + Theme.px(72))
    reuseItems: true
    cacheBuffer: 600
    boundsBehavior: Flickable.StopAtBounds
    keyNavigationEnabled: false
    highlightFollowsCurrentItem: false
    Accessible.role: Accessible.List
    // What stands above the rows has grown or shrunk: the first of them stay below it.
    onHighestChanged: {
        if (activeFocus)
            showCurrent()
        else if (currentIndex < columns) {
            scroll.stop() // on its way to where they were
            contentY = highest
        }
    }
    onActiveFocusChanged: if (activeFocus) showCurrent()
    onCurrentIndexChanged: if (activeFocus) showCurrent()
    Keys.onLeftPressed: LayoutMirroring.enabled ? go(1) : goBack()
    Keys.onRightPressed: LayoutMirroring.enabled ? goBack() : go(1)
    Keys.onDownPressed: go(columns)
    Keys.onUpPressed: currentIndex < columns ? passedUp() : go(-columns)

    delegate: FocusScope {
        id: cell
        required property int index
        required property string titleId
        required property string name
        required property string facts
        required property string poster
        required property real progress
        required property string badge
        width: root.cellWidth
        height: root.cellHeight
        visible: index >= 0 // one that waits for its next title is no stop
        z: activeFocus ? 1 : 0 // above its neighbours' corners
        PosterCard {
            objectName: root.prefix + cell.index
            anchors.left: parent.left // the gap is at the row's end
            width: root.cellWidth - Theme.gap
            focus: true
            titleId: cell.titleId
            text: cell.name
            name: cell.name
            facts: cell.facts
            poster: cell.poster
            progress: cell.progress
            badge: cell.badge
            onMenuWanted: {
                root.currentIndex = cell.index
                root.menuWanted(this, cell.titleId)
            }
            onPressed: {
                root.currentIndex = cell.index
                root.titleChosen(cell.titleId)
            }
        }
    }
    NumberAnimation {
        id: scroll
        target: root
        property: "contentY"
        duration: Theme.calm
        easing.type: Easing.OutCubic
    }
}
